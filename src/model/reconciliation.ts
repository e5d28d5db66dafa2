/** What events say of slabs, set against what /proc/slabinfo says. Explained in docs/hidden-frees.md. */
import { z } from "zod";

const count = z.number().int().nonnegative();
const difference = z.number().int();

export const slabGroupSchema = z
  .object({
    bytesAlloc: count.describe("bytes of an object: by them alone an event tells its cache on every kernel"),
    caches: z
      .array(z.object({ name: z.string(), before: count, after: count }))
      .describe("the caches of that size that hold objects, and how many (active_objs)"),
    eventObjects: difference.describe(
      "what the events say: allocated less freed, objects of before the trace included",
    ),
    slabObjects: difference.describe("what /proc/slabinfo says: after less before, all these caches"),
    remainder: difference.describe("eventObjects - slabObjects: frees that raised no event, less such allocations"),
    uncertainty: count.describe(
      "how far remainder may be off: what CPUs keep free for themselves counts as used, and frees whose size is guessed",
    ),
    hiddenFrees: count.describe(
      "remainder where it is beyond the uncertainty, but no more than the events have alive; else 0",
    ),
  })
  .meta({ id: "SlabGroup" });
/** Caches that events cannot tell apart. */
export type SlabGroup = z.infer<typeof slabGroupSchema>;

export const reconciliationSchema = z
  .object({
    exactSlabs: z.boolean().describe("CPUs gave back what they kept free before it was counted (--exact-slabs)"),
    hiddenFrees: count.describe("of all groups"),
    hiddenBytes: count,
    unknownFrees: count.describe("frees that were seen, but of a size that nothing tells; they are in no group"),
    hiddenAllocs: count.describe(
      "objects that were freed with an event but allocated without one, as far as the reuse of addresses tells; in no group",
    ),
    groups: z.array(slabGroupSchema).describe("largest remainder first, in bytes; where anything changed"),
  })
  .meta({ id: "Reconciliation" });
export type Reconciliation = z.infer<typeof reconciliationSchema>;
