/** What a console's tp_printk lines add to an account. */
import { z } from "zod";

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
