/**
 * Who frees a caller's objects, how long they live, and how old those are that are alive: what `lives.json` of a target answers, and
 * `kmemtap report --json --lifetimes` adds. Kept where it was asked for (--lifetimes), since it follows every object once more.
 */
import { z } from "zod";
import { LIVES_SCHEMA } from "./schema-name.ts";

const count = z.number().int().nonnegative();
const seconds = z.number().nonnegative();
const spans = {
  medianS: seconds
    .nullable()
    .describe(
      "the median, estimated from the steps as if those of its step lay evenly in it; null of none, and of lifetimes in the last step; of ages never above the oldest",
    ),
  steps: z
    .array(count)
    .describe(
      "how many were below 1 µs, from there below 2 µs, 4 µs and so on; the 33rd step has no end; zeros at the end are left out",
    ),
};

export const callerLivesSchema = z
  .object({
    callSite: z.string().describe("as in the snapshot"),
    freedBy: z
      .array(
        z.object({
          callSite: z.string(),
          objects: count,
          bytes: count.describe("bytes_alloc, as the objects were allocated"),
        }),
      )
      .describe(
        "call sites that freed its objects, by objects, eight at most; their sum and others' is the row's frees",
      ),
    freedByOthers: z
      .object({
        callSites: count.describe("those that are known"),
        objects: count,
        bytes: count,
      })
      .describe("what the rest freed, those for which there was no room among them"),
    lifetimes: z.object({ objects: count, ...spans }).describe("of what was freed, from its allocation to its free"),
    ages: z
      .object({ objects: count, oldestS: seconds.nullable().describe("null where none is alive"), ...spans })
      .describe("of what is alive, from its allocation to the last event"),
  })
  .meta({ id: "CallerLives" });
export type CallerLives = z.infer<typeof callerLivesSchema>;

export const livesSchema = z
  .object({
    schema: z.literal(LIVES_SCHEMA),
    pairs: count.describe(
      "different pairs of call sites, of which one allocated what the other freed; 65,536 are kept",
    ),
    untracked: count.describe(
      "allocations that were not followed, by a hidden pointer or beyond the memory given to live objects: they have no age, and their frees no caller",
    ),
    callers: z.array(callerLivesSchema).describe("call sites of which something is alive, or was freed, by call site"),
  })
  .meta({ id: "Lives", title: LIVES_SCHEMA });
export type Lives = z.infer<typeof livesSchema>;

export const livesQuerySchema = z.strictObject({
  callSite: z.string().max(1000).optional().describe("of this call site alone"),
});
