/**
 * Two accounts compared: what `kmemtap diff --json` prints. `docs/diff.schema.json` is generated from it, `docs/diff.md`
 * explains it.
 */
import { z } from "zod";
import { accountFilterSchema } from "./snapshot.ts";

export const DIFF_SCHEMA = "kmemtap.diff/1";

const count = z.number().int().nonnegative();
const signed = z.number().int();

export const diffFiguresSchema = z
  .object({
    netBytes: signed.describe("bytes allocated now"),
    liveObjects: signed.describe("objects alive now"),
    totalBytes: signed.describe("bytes allocated ever"),
    wasteBytes: signed.describe("netBytes less what was requested of them"),
    allocs: signed,
    frees: signed,
  })
  .meta({ id: "DiffFigures" });
/** Names and meanings are those of a snapshot's callers. */
export type DiffFigures = z.infer<typeof diffFiguresSchema>;

const compared = {
  a: diffFiguresSchema,
  b: diffFiguresSchema,
  delta: diffFiguresSchema.describe("b less a"),
};

export const diffSideSchema = z
  .object({
    label: z.string().describe("the file, with the moment that was asked for"),
    exact: z.boolean(),
    notExact: z.string().optional().describe("why not, one line"),
    release: z.string().optional().describe("uname -r, where the account knows it"),
    rounds: count.optional().describe("of a workload's residue: how often the workload ran"),
    seconds: z.number().nullable().describe("trace clock from the first event to the last; null where there is none"),
    callSites: count,
    addresses: count.describe(
      "of these, bare addresses: they match where they are equal, and between boots hardly ever",
    ),
    figures: diffFiguresSchema,
  })
  .meta({ id: "DiffSide" });
export type DiffSide = z.infer<typeof diffSideSchema>;

export const diffStatusSchema = z
  .enum(["new", "gone", "grown", "shrunk", "same"])
  .describe(
    "new: does not allocate in A; gone: does not allocate in B; else by netBytes, and by liveObjects where those are equal",
  );
export type DiffStatus = z.infer<typeof diffStatusSchema>;

export const diffSiteSchema = z
  .object({
    a: z.string().nullable().describe("the caller in A: symbol+0x22; null where B's has no counterpart"),
    b: z.string().nullable(),
    netBytes: signed.describe("b less a"),
    liveObjects: signed,
  })
  .meta({ id: "DiffSite" });
export type DiffSite = z.infer<typeof diffSiteSchema>;

export const diffFunctionSchema = z
  .object({
    function: z.string().describe("without offset and compiler's suffixes; or a bare address"),
    module: z.string().nullable(),
    file: z.string().optional().describe("source file, where the accounts know it"),
    group: z.string(),
    status: diffStatusSchema,
    isNoise: z.boolean().describe("differs, but by no more than two runs of the same do"),
    marks: z
      .array(z.enum(["unseen-frees"]))
      .describe("unseen-frees: frees of such objects raise no event, so that some of them may be gone"),
    doubtfulBytes: count
      .optional()
      .describe(
        "of what it holds more in B, bytes that frees without an event may explain, at most; absent where none",
      ),
    ...compared,
    sites: z
      .array(diffSiteSchema)
      .describe("its call sites: equal ones first, then in their order where both have as many more"),
  })
  .meta({ id: "DiffFunction" });
export type DiffFunction = z.infer<typeof diffFunctionSchema>;

export const diffGroupSchema = z
  .object({
    name: z.string(),
    ...compared,
    countedBytes: signed.describe("delta.netBytes of its functions that are no noise"),
  })
  .meta({ id: "DiffGroup" });
export type DiffGroup = z.infer<typeof diffGroupSchema>;

export const diffNoiseSchema = z
  .object({
    bytesAFunction: count.describe("a function that both have and that differs by no more than this is noise"),
    functions: count.describe("how many are, those that are new or gone among them"),
    newOrGone: count.describe(
      "of them those that one side alone has: by no more than an eighth of bytesAFunction, by no more than bytesAFunction together",
    ),
    bytes: signed.describe("their netBytes, b less a"),
    workers: signed.describe("kworkers alive, b less a: their number is a matter of timing"),
    workerBytes: signed.describe(
      "what functions differ by for that, beyond bytesAFunction each: noise, and not in bytes",
    ),
    isCounted: z.boolean().describe("true where together they are too much for noise, and count as growth"),
  })
  .meta({ id: "DiffNoise" });
export type DiffNoise = z.infer<typeof diffNoiseSchema>;

export const diffGateSchema = z
  .object({
    name: z.string().describe("--fail-over, total, or the directory, module or caller of a budget"),
    kind: z.enum(["total", "directory", "module", "caller"]),
    measure: z.enum(["growth", "net"]).describe("growth: counted bytes, b less a; net: what B holds"),
    limitBytes: count,
    bytes: signed,
    functions: count.describe("that it applies to; 0 may be a slip in its name"),
    isOver: z.boolean(),
    doubtfulBytes: count
      .optional()
      .describe("of bytes, those that frees without an event may explain, at most; absent where none"),
    isDoubtful: z.boolean().describe("over, but not without doubtfulBytes: they do not decide alone"),
  })
  .meta({ id: "DiffGate" });
export type DiffGate = z.infer<typeof diffGateSchema>;

export const diffVerdictSchema = z
  .enum(["within", "over", "inconclusive"])
  .describe(
    "inconclusive: an account is not exact, so that what was lost may look like growth or hide it; or only bytes that may be gone are over",
  );
export type DiffVerdict = z.infer<typeof diffVerdictSchema>;

export const diffSchema = z
  .object({
    schema: z.literal(DIFF_SCHEMA),
    filter: accountFilterSchema,
    compared: z
      .enum(["account", "residue"])
      .describe("account: all that is held; residue: what a workload allocated and left behind"),
    exact: z.boolean().describe("true where both accounts are"),
    a: diffSideSchema,
    b: diffSideSchema,
    delta: diffFiguresSchema.describe("b less a"),
    growthBytes: signed.describe("net bytes, b less a, beyond noise: what gates judge"),
    noise: diffNoiseSchema,
    statuses: z.record(diffStatusSchema, count).describe("functions by status"),
    groupedBy: z.enum(["directory", "module"]).describe("by directory where the accounts know source files"),
    groups: z.array(diffGroupSchema).describe("all of them, by delta.netBytes"),
    functions: z.array(diffFunctionSchema).describe("all of them, growth first"),
    gates: z.array(diffGateSchema),
    verdict: diffVerdictSchema.nullable().describe("null where nothing was asked for that could be over"),
    notes: z.array(z.string()).describe("what makes the two less comparable; a line each"),
  })
  .meta({ id: "Diff", title: DIFF_SCHEMA });
export type Diff = z.infer<typeof diffSchema>;
