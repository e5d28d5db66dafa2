/** What an account lacks: what the kernel lost, and what could not be read or followed. Part of `snapshot.ts`. */
import { z } from "zod";

const count = z.number().int().nonnegative();
const bytes = z.number().int();

export const cpuLossSchema = z
  .object({
    cpu: count,
    events: count.describe("kmem events with a pointer that came from this CPU, whatever the filter"),
    lostEvents: count.describe("events that this CPU's ring buffer overwrote before they were read"),
    lostUncounted: count.describe("times the kernel said that events were lost, but not how many"),
    lastLossNs: z.number().nullable().describe("trace clock near the last loss; null when nothing was lost"),
  })
  .meta({ id: "CpuLoss" });
export type CpuLoss = z.infer<typeof cpuLossSchema>;

export const hiddenPointersSchema = z
  .object({
    allocs: count.describe("allocations that were counted but cannot be followed"),
    bytes: bytes.describe("their bytes_alloc"),
    requestedBytes: bytes.describe("their bytes_req"),
    frees: count.describe("frees with a hidden pointer; part of unmatchedFrees"),
  })
  .meta({ id: "HiddenPointers" });
/** Events of the console from before the kernel could hash pointers: `(____ptrval____)`. */
export type HiddenPointers = z.infer<typeof hiddenPointersSchema>;

export const untrackedSchema = z
  .object({ allocs: count, bytes: bytes.describe("their bytes_alloc"), requestedBytes: bytes })
  .meta({ id: "Untracked" });
/** Allocations beyond the live objects that memory was given for: their frees are part of unmatchedFrees. */
export type Untracked = z.infer<typeof untrackedSchema>;

export const lossSchema = z
  .object({
    lostEvents: count.describe("events lost: LOST markers, and a trace file's entries-written less entries-in-buffer"),
    lostUncounted: count.describe("losses of which the kernel gave no number, gaps of the link among them"),
    histDropped: count.describe("events that found no room in a hist map of the target's kernel"),
    unmatchedFrees: count.describe("frees of a pointer whose allocation was not seen"),
    impliedFrees: count,
    rejected: count.describe("trace lines that could not be read"),
    damagedInput: z.array(z.string()).describe("inputs that ended in an error, such as a truncated .gz"),
    perCpu: z.array(cpuLossSchema),
    hiddenPointers: hiddenPointersSchema
      .optional()
      .describe("absent where no pointer was hidden; any makes the account inexact"),
    untracked: untrackedSchema
      .optional()
      .describe("absent while the live objects fit into the memory given to them; any makes the account inexact"),
  })
  .meta({ id: "Loss" });
export type Loss = z.infer<typeof lossSchema>;
