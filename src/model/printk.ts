/**
 * What an event lacks when it comes from `tp_printk`'s lines on the console instead of the ring buffer.
 *
 * Both are values of an {@link EventBatch}'s columns that no event of the ring buffer can have.
 */
import { z } from "zod";

/** The CPU of an event whose CPU is not known: past NR_CPUS of any kernel (8,192). It has no row in a per-CPU account. */
export const NO_CPU = 0xffff;

/**
 * Both halves of a pointer that the kernel hid (`(____ptrval____)`, lib/vsprintf.c): the object has no identity. (Frees of
 * NULL and failed allocations are no events of a batch, so that zero is not taken.)
 */
export const NO_POINTER = 0;

const count = z.number().int().nonnegative();

export const printkSchema = z
  .object({
    events: count.describe("kmem events with a pointer, hidden or not, that the console printed"),
    matched: count.describe("of these, events that the trace holds too: counted once, as the trace has them"),
    consoleOnly: count.describe("events - matched: what only the console has, accounted from there"),
    traceOnly: count.describe("events of the trace, up to the last one matched, that the console lacks"),
    recoveredEvents: count.describe(
      "events that the ring buffer lost and the console has: not part of loss.lostEvents",
    ),
    droppedMessages: count.describe("messages of the kernel's log that the console says it lost"),
    clockOffsetNs: z
      .number()
      .nullable()
      .describe(
        "the console's clock less the trace's, nanoseconds, median over matched events; null when none matched",
      ),
  })
  .meta({ id: "Printk" });
/** How a console's tp_printk lines were joined with the trace of the same boot. */
export type PrintkFacts = z.infer<typeof printkSchema>;
