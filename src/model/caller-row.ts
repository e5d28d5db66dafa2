/**
 * What an account says of one call site, and of all of them: the snapshot's rows and totals. Names and meanings are those of trace_analyze
 * where it had them.
 */
import { z } from "zod";

const count = z.number().int().nonnegative();
const bytes = z.number().int();

export const sourceFrameSchema = z
  .object({
    function: z.string().nullable(),
    file: z.string().nullable().describe("from the kernel tree's root"),
    line: count.nullable(),
  })
  .meta({ id: "SourceFrame" });
export type SourceFrame = z.infer<typeof sourceFrameSchema>;

export const callerSourceSchema = z
  .object({
    file: z
      .string()
      .nullable()
      .describe(
        "the file that is charged, from the kernel tree's root: that of the innermost frame outside of headers; `?/inode.c` where " +
          "only its name is known; null where none is, and `reason` says why",
      ),
    line: count.nullable().describe("where that file calls"),
    function: z.string().nullable().describe("the function of the image that holds the call: the last of `chain`"),
    module: z.string().nullable(),
    chain: z
      .array(sourceFrameSchema)
      .describe(
        "innermost first: the functions that were inlined at the call, and last the one that is in the image; empty without debug information",
      ),
    reason: z.string().optional().describe("why no file, or no line, is known"),
  })
  .meta({ id: "CallerSource" });
/** Where in the source a call site is. */
export type CallerSource = z.infer<typeof callerSourceSchema>;

export const viaSchema = z
  .object({ function: z.string(), allocs: count, totalBytes: bytes, netBytes: bytes })
  .meta({ id: "Via" });
/** What of a row's came through a function that allocates for its callers. */
export type Via = z.infer<typeof viaSchema>;

export const callerRowSchema = z
  .object({
    callSite: z
      .string()
      .describe(
        "the call site as the kernel printed it: the account's key; characters that nobody would see are escaped: \\u{202e}",
      ),
    caller: z.string().describe("the call site without the function's size: symbol+0x22, or the bare address"),
    allocs: count.describe("allocations with a pointer"),
    frees: count.describe("frees matched to one of these allocations, whatever event freed it"),
    impliedFrees: count.describe("objects whose address was allocated again without a free being seen"),
    totalBytes: bytes.describe("bytes allocated ever (bytes_alloc)"),
    requestedBytes: bytes.describe("bytes requested ever (bytes_req)"),
    netBytes: bytes.describe("bytes allocated now"),
    netRequestedBytes: bytes.describe("bytes requested of what is allocated now"),
    wasteBytes: bytes.describe("netBytes - netRequestedBytes"),
    peakNetBytes: bytes.describe("the largest netBytes so far"),
    liveObjects: count.describe("allocs - frees - impliedFrees - hiddenAllocs - untrackedAllocs"),
    hiddenAllocs: count
      .optional()
      .describe("of the allocs, those whose pointer the kernel hid: not followed, in no figure of what is alive now"),
    hiddenBytes: bytes
      .optional()
      .describe("bytes_alloc of hiddenAllocs; netBytes + hiddenBytes is the most that is alive now"),
    untrackedAllocs: count
      .optional()
      .describe("of the allocs, those beyond the live objects that memory was given for: not followed"),
    untrackedBytes: bytes.optional().describe("bytes_alloc of untrackedAllocs"),
    doubtfulObjects: count
      .optional()
      .describe("of the liveObjects, those that may be gone by frees that raised no event, at most; absent where none"),
    doubtfulBytes: bytes.optional().describe("bytes_alloc of doubtfulObjects"),
    wrapper: z
      .literal(true)
      .optional()
      .describe("the function allocates for its callers, who are not known: the row is not of one owner"),
    sizes: count
      .optional()
      .describe("of a wrapper: different bytes_req that it was asked for, a hint at how many callers hide in it"),
    via: z
      .array(viaSchema)
      .optional()
      .describe(
        "the wrappers through which it allocated, as its stacks say, by totalBytes; callSite is then where it called them",
      ),
    source: callerSourceSchema.optional().describe("where in the source it is; absent where no kernel was given"),
  })
  .meta({ id: "CallerRow" });
export type CallerRow = z.infer<typeof callerRowSchema>;

export const totalsSchema = callerRowSchema
  .omit({
    callSite: true,
    caller: true,
    hiddenAllocs: true,
    hiddenBytes: true,
    untrackedAllocs: true,
    untrackedBytes: true,
    doubtfulObjects: true,
    doubtfulBytes: true,
    wrapper: true,
    sizes: true,
    via: true,
    source: true,
  })
  .extend({ callSites: count.describe("call sites that allocated") })
  .meta({ id: "Totals" });
export type Totals = z.infer<typeof totalsSchema>;
