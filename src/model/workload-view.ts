/**
 * The account of a workload while somebody watches it: what `workload.json` of a target answers, and what the wire says of how far it is.
 * The same account as kmemtap.workload/1 (workload.ts), without the snapshot that the viewer has already, and with lists that do not grow
 * with the rounds.
 */
import { z } from "zod";
import { growingCallerSchema, repeatSchema, residueCallerSchema, residueSchema, workloadSchema } from "./workload.ts";

export const WORKLOAD_VIEW_SCHEMA = "kmemtap.workload-view/1";

/** Most entries of each list: a page draws no more, and whoever needs all runs `kmemtap run --json`. */
export const MOST = { phases: 60, phaseCallers: 8, callers: 100, rounds: 200 } as const;

const count = z.number().int().nonnegative();
const beyond = count.describe("those that are not listed");

export const workloadProgressSchema = z
  .object({
    phases: count.describe("that began"),
    rounds: count.describe("the round that the last phase is of"),
    running: z
      .object({ name: z.string(), round: count })
      .nullable()
      .describe("the phase that runs now; null between two"),
    over: z.boolean().describe("true when it has ended: nothing more is added to it"),
  })
  .meta({ id: "WorkloadProgress" });
/** How far a workload is. */
export type WorkloadProgress = z.infer<typeof workloadProgressSchema>;

export const workloadViewSchema = workloadSchema
  .omit({ snapshot: true })
  .extend({
    schema: z.literal(WORKLOAD_VIEW_SCHEMA),
    run: count.describe("the run of the target that it ran in, as in the snapshot's source"),
    progress: workloadProgressSchema,
    window: z
      .object({
        fromNs: z.number().nullable().describe("trace clock; null from its beginning on"),
        toNs: z.number().nullable().describe("trace clock; null up to now"),
        phasesBeyond: count.describe("of its phases, those that began before it or ended after it"),
      })
      .optional()
      .describe(
        "what was asked for: phases are those of which a part ran then, each told whole, and repeat is of the rounds that are whole in it; what is left of them is so now",
      ),
    phases: workloadSchema.shape.phases.describe(
      `the last ${MOST.phases} in the order in which they ran, with up to ${MOST.phaseCallers} callers each`,
    ),
    earlierPhases: beyond,
    residue: residueSchema.extend({
      callers: z.array(residueCallerSchema).describe(`by bytes, up to ${MOST.callers}; the sums are of all`),
      callersBeyond: beyond,
    }),
    repeat: repeatSchema
      .extend({
        growing: z.array(growingCallerSchema).describe(`leaks first, then by growth, up to ${MOST.callers}`),
        growingBeyond: beyond,
        roundsBeyond: count.describe(
          `rounds before those that perRound, and the figures by round of each caller, are of: they list ${MOST.rounds} at most`,
        ),
      })
      .nullable(),
  })
  .meta({ id: "WorkloadView", title: WORKLOAD_VIEW_SCHEMA });
export type WorkloadView = z.infer<typeof workloadViewSchema>;
