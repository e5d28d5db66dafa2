/** What events say of functions, set against what the kernel itself counts (/proc/allocinfo). Explained in docs/hidden-frees.md. */
import { z } from "zod";

const count = z.number().int().nonnegative();
const difference = z.number().int();

export const functionCountSchema = z
  .object({
    name: z.string().describe("without what compilers append; functions of one name are added up"),
    files: z.array(z.string()).describe("of the kernel's source; empty where the kernel counts no such function"),
    countedBy: z
      .enum(["both", "kernel", "events"])
      .describe(
        "kernel: no event names it (pages, vmalloc, per-CPU memory, functions that the compiler put into others); " +
          "events: the kernel counts its objects under another name",
      ),
    kernelObjects: difference.describe("what the kernel counts: alive after less before"),
    kernelBytes: difference,
    eventObjects: difference.describe("what the events say: allocated in the window and still alive"),
    eventBytes: difference,
    remainderObjects: difference.describe("eventObjects - kernelObjects"),
    remainderBytes: difference,
    uncertainty: count.describe(
      "objects of the remainder that may be explained: frees of objects from before the window, whose function no event tells, " +
        "and objects that the kernel counts under another name",
    ),
    hiddenFrees: count.describe(
      "remainderObjects beyond the uncertainty: so many at least were freed without an event",
    ),
  })
  .meta({ id: "FunctionCount" });
export type FunctionCount = z.infer<typeof functionCountSchema>;

const sumSchema = z.object({ functions: count, kernelBytes: difference, eventBytes: difference });

export const functionCountsSchema = z
  .object({
    hiddenFrees: count.describe("of all functions"),
    both: sumSchema.describe("functions that both count"),
    kernelOnly: sumSchema.describe("functions that no event names"),
    eventsOnly: sumSchema.describe("functions that the kernel counts under another name"),
    functions: z.array(functionCountSchema).describe("where anything changed; largest remainder first, in bytes"),
  })
  .meta({ id: "FunctionCounts" });
export type FunctionCounts = z.infer<typeof functionCountsSchema>;
