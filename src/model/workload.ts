/**
 * The account of a workload: what each of its phases allocated and freed, what it left behind, and what grows when it is
 * repeated. What `kmemtap run --json` prints; `docs/workload.schema.json` is generated from it, `docs/workload.md`
 * explains it.
 */
import { z } from "zod";
import { callerSourceSchema, snapshotSchema } from "./snapshot.ts";

export const WORKLOAD_SCHEMA = "kmemtap.workload/1";

const count = z.number().int().nonnegative();
const bytes = z.number().int();
const traceClock = z.number().nullable().describe("trace clock, nanoseconds; null where it is not known");
const callSite = {
  callSite: z.string().describe("the call site, resolved where its module has gone: symbol+0x22/0x80 [module]"),
  caller: z.string().describe("the call site without the function's size"),
};
const source = callerSourceSchema.optional().describe("where in the source it is, where the kernel was named (-k)");
const activity = {
  allocs: count.describe("allocations in the phase"),
  frees: count.describe("frees in the phase, whatever phase allocated the object"),
  impliedFrees: count.describe(
    "objects that ended in the phase without a free being seen: their address was used again",
  ),
  totalBytes: bytes.describe("bytes allocated in the phase"),
  requestedBytes: bytes.describe("bytes requested in the phase"),
  freedBytes: bytes.describe("bytes of the objects that ended in the phase, by frees and implied frees"),
  netBytes: bytes.describe("totalBytes - freedBytes; negative where the phase ended more than it allocated"),
  netObjects: bytes.describe("allocs - frees - impliedFrees"),
};

export const phaseCallerSchema = z
  .object({ ...callSite, ...activity })
  .describe("a free is charged to the call site that allocated")
  .meta({ id: "PhaseCaller" });
export type PhaseCaller = z.infer<typeof phaseCallerSchema>;

export const workloadPhaseSchema = z
  .object({
    name: z.string(),
    command: z.string(),
    round: count.describe("1 for the first round"),
    status: z.number().int().nullable().describe("exit status of the command; null where it is not known"),
    interrupted: z.boolean().describe("true where its beginning or its end was not seen"),
    output: z.array(z.string()).optional().describe("the last lines that the command printed"),
    startedNs: traceClock,
    endedNs: traceClock,
    ...activity,
    unmatchedFrees: count.describe("frees in the phase of objects whose allocation was not seen, older than the trace"),
    leftObjects: count.describe("objects allocated in the phase that are still there at the end"),
    leftBytes: bytes.describe("their bytes"),
    callers: z.array(phaseCallerSchema).describe("by netBytes, ties by caller"),
  })
  .meta({ id: "WorkloadPhase" });
export type WorkloadPhase = z.infer<typeof workloadPhaseSchema>;

export const residueCallerSchema = z
  .object({
    ...callSite,
    source,
    objects: count,
    bytes,
    requestedBytes: bytes,
    byPhase: z.record(z.string(), count).describe("objects by the name of the phase that allocated them, all rounds"),
    ages: z
      .object({ oldestS: z.number().nonnegative(), youngestS: z.number().nonnegative() })
      .nullable()
      .describe("seconds of trace clock from the allocation to the end of the account; null where not known"),
    addresses: z
      .array(z.string())
      .optional()
      .describe("pointers of the oldest objects, where asked for; the kernel's hashes of them unless it hashes none"),
    doubtfulObjects: count
      .optional()
      .describe(
        "of the objects, those that may be gone, at most, by /proc/slabinfo; absent where it agrees, or was not read",
      ),
    doubtfulBytes: bytes.optional().describe("bytes_alloc of doubtfulObjects"),
    marks: z
      .array(z.enum(["unseen-frees", "own"]))
      .describe(
        "unseen-frees: frees of such objects raise no event, so that some of them may be gone; own: kmemtap's, the list of pids that " +
          "scope process follows",
      ),
  })
  .meta({ id: "ResidueCaller" });
export type ResidueCaller = z.infer<typeof residueCallerSchema>;

export const residueSchema = z
  .object({
    objects: count,
    bytes,
    requestedBytes: bytes,
    callers: z.array(residueCallerSchema).describe("by bytes, ties by caller"),
  })
  .meta({ id: "Residue" });
export type Residue = z.infer<typeof residueSchema>;

export const siteVerdictSchema = z
  .enum(["leak", "cache", "unsteady", "unseen-frees"])
  .describe(
    "leak: grows in every round after the first; cache: stays as large as it was after the first; " +
      "unsteady: grows, but not as a leak does, or the rounds are too few to tell, or the verdict over all is unsafe; " +
      "unseen-frees: grows, but its frees raise no event, or /proc/slabinfo lacks what stayed",
  );
export type SiteVerdict = z.infer<typeof siteVerdictSchema>;

export const growingCallerSchema = z
  .object({
    ...callSite,
    source,
    perRound: z.array(bytes).describe("net bytes after each round less those before it"),
    objectsPerRound: z.array(z.number().int()).describe("the same in objects"),
    survivorsPerRound: z.array(count).describe("objects allocated in each round that are still there at the end"),
    byPhase: z
      .record(z.string(), count)
      .describe("the objects of survivorsPerRound by the name of the phase that allocated them, all rounds"),
    group: count
      .min(1)
      .optional()
      .describe(
        "callers of the same number left as many objects in every round and phase, so that they are one piece of evidence; absent for one that is alone",
      ),
    impliedFrees: count.describe("in all rounds"),
    growthBytesPerRound: z
      .number()
      .describe("mean over the rounds after the first: of the survivors' bytes, or of perRound where that is less"),
    verdict: siteVerdictSchema,
    reason: z.string().describe("one line"),
  })
  .meta({ id: "GrowingCaller" });
export type GrowingCaller = z.infer<typeof growingCallerSchema>;

export const repeatVerdictSchema = z
  .enum(["leak", "clean", "unsafe"])
  .describe(
    "unsafe: events were lost, the scope hides frees, the rounds are too few to tell, what grew in every round may have by chance, or a command failed in each of them",
  );
export type RepeatVerdict = z.infer<typeof repeatVerdictSchema>;

export const repeatSchema = z
  .object({
    rounds: count.describe("rounds that ran to their end; only those are judged"),
    perRound: z.array(
      z.object({
        round: count,
        netBytes: bytes.describe("net bytes after the round less those before it"),
        netObjects: z.number().int(),
        survivors: count.describe("objects allocated in the round that are still there at the end"),
        survivorBytes: bytes,
      }),
    ),
    growing: z.array(growingCallerSchema).describe("call sites of which something stayed: leaks first, then by growth"),
    verdict: repeatVerdictSchema,
    reason: z.string().describe("one line"),
  })
  .meta({ id: "Repeat" });
export type Repeat = z.infer<typeof repeatSchema>;

export const workloadScopeSchema = z.enum(["system", "process"]);
/** Whose events are accounted: everybody's, or those of the workload's own processes. */
export type WorkloadScope = z.infer<typeof workloadScopeSchema>;

export const workloadSchema = z
  .object({
    schema: z.literal(WORKLOAD_SCHEMA),
    exact: z.boolean().describe("as in the snapshot: false when events were lost, and then every figure may be off"),
    interrupted: z.boolean().describe("true when the workload, or one of its phases, was not seen to its end"),
    target: z.string(),
    scope: workloadScopeSchema,
    scopeNote: z.string().describe("what the scope holds or misses, one line"),
    phases: z.array(workloadPhaseSchema).describe("in the order in which they ran, a phase of each round"),
    residue: residueSchema.describe("allocated in the workload and still there at the end"),
    repeat: repeatSchema.nullable().describe("null for a workload of one round"),
    snapshot: snapshotSchema.describe("the whole account, at the end"),
  })
  .meta({ id: "Workload", title: WORKLOAD_SCHEMA });
export type Workload = z.infer<typeof workloadSchema>;

/** What each scope holds or misses, measured on the kernels of the test suite. */
export const SCOPE_NOTES: Readonly<Record<WorkloadScope, string>> = {
  system: "whatever else ran on the target meanwhile is in it",
  process: "frees by kworkers, softirqs and idle are missed (7 to 28 % of all), so that what stays is an upper bound",
};
