/**
 * What a recording suggests, with figures: what `kmemtap advise --json` prints. `docs/advice.schema.json` is generated from it,
 * `docs/advice.md` explains it.
 */
import { z } from "zod";
import { accountFilterSchema } from "./snapshot.ts";

export const ADVICE_SCHEMA = "kmemtap.advice/1";

const count = z.number().int().nonnegative();
const bytes = z.number().int();

export const findingSchema = z
  .object({
    kind: z
      .enum(["cache", "odd-size", "strings", "churn", "constructor", "cross-cpu"])
      .describe(
        "cache: a kmem_cache of its own would take less; odd-size: a little smaller, and the next bucket down would do; " +
          "strings: many small ones of all sizes; churn: freed soon, again and again; constructor: zeroed again and again in the same places; cross-cpu: freed on another CPU",
      ),
    caller: z.string(),
    callSite: z.string(),
    bytesReq: count.nullable().describe("of one object; null where the sizes differ"),
    bytesAlloc: count.nullable(),
    allocs: count,
    liveObjects: count,
    savedBytes: bytes.describe(
      "of what is allocated now, what the remedy would give back; 0 where time is what it saves",
    ),
    costBytes: bytes.describe("what the remedy takes, already off savedBytes"),
    figures: z.record(z.string(), z.number()).describe("of the kind: see docs/advice.md"),
    summary: z.string().describe("the finding, one line"),
    remedy: z.string().describe("one line"),
    marks: z
      .array(z.enum(["unseen-frees"]))
      .describe("unseen-frees: frees of such objects raise no event, so that some that look alive may be gone"),
  })
  .meta({ id: "Finding" });
export type Finding = z.infer<typeof findingSchema>;

const taken = z.object({
  bytes: bytes.describe("of all requests"),
  wasteBytes: bytes.describe("of them, what was not asked for"),
  netBytes: bytes.describe("of the objects that are alive"),
  netWasteBytes: bytes,
});
export const allocatorFiguresSchema = z
  .object({ name: z.string(), kmalloc: taken, cache: taken })
  .meta({ id: "AllocatorFigures" });
export type AllocatorFigures = z.infer<typeof allocatorFiguresSchema>;

export const allocatorDeviationSchema = z
  .object({
    kind: z.enum(["kmalloc", "cache"]),
    bytesReq: count,
    bytesAlloc: count.describe("as recorded"),
    modelBytes: count.describe("by the source alone"),
    requests: count,
    cause: z.string().nullable().describe("what explains it; null where nothing does"),
  })
  .meta({ id: "AllocatorDeviation" });
export type AllocatorDeviation = z.infer<typeof allocatorDeviationSchema>;

export const allocatorComparisonSchema = z
  .object({
    recordedBy: z.string().nullable().describe("the model that reproduces the recorded kmallocs"),
    requests: count,
    kmallocs: count,
    kmallocsReproduced: count.describe("kmallocs for which that model gives the recorded bytes_alloc"),
    recorded: allocatorFiguresSchema,
    models: z.array(allocatorFiguresSchema),
    deviations: z.array(allocatorDeviationSchema),
  })
  .meta({ id: "AllocatorComparison" });
export type AllocatorComparison = z.infer<typeof allocatorComparisonSchema>;

export const adviceSchema = z
  .object({
    schema: z.literal(ADVICE_SCHEMA),
    exact: z.boolean(),
    source: z.string(),
    filter: accountFilterSchema,
    seconds: z.number(),
    cpus: count,
    findings: z.array(findingSchema).describe("by kind, the largest benefit first"),
    leftOut: z.array(z.string()).describe("what was looked for and cannot be told, a line each"),
    allocators: allocatorComparisonSchema,
  })
  .meta({ id: "Advice", title: ADVICE_SCHEMA });
export type Advice = z.infer<typeof adviceSchema>;
