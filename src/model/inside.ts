/**
 * What an account knows beyond its snapshot, and is asked for only while somebody looks: the sizes of live objects by caller, and
 * the stacks that hold the most. `docs/inside.schema.json` is generated from it.
 */
import { z } from "zod";
import { INSIDE_SCHEMA } from "./schema-name.ts";
import { stackRowSchema } from "./snapshot.ts";

const count = z.number().int().nonnegative();

export const objectsOfSizeSchema = z
  .object({
    kind: z.enum(["kmalloc", "cache"]).describe("by size, or from a cache of its own (kmem_cache_alloc)"),
    bytesReq: count,
    bytesAlloc: count,
    liveObjects: count,
  })
  .meta({ id: "ObjectsOfSize" });
export type ObjectsOfSize = z.infer<typeof objectsOfSizeSchema>;

export const callerObjectsSchema = z
  .object({
    callSite: z.string().describe("as in the snapshot"),
    sizes: z.array(objectsOfSizeSchema).describe("those with the most live objects first"),
  })
  .meta({ id: "CallerObjects" });
export type CallerObjects = z.infer<typeof callerObjectsSchema>;

export const insideSchema = z
  .object({
    schema: z.literal(INSIDE_SCHEMA),
    callers: z
      .array(callerObjectsSchema)
      .describe("call sites with live objects; none in mode hist, where the target's kernel adds up without sizes"),
    stacks: z.array(stackRowSchema).describe("a thousand at most, by netBytes; none where none were taken"),
  })
  .meta({ id: "Inside", title: INSIDE_SCHEMA });
export type Inside = z.infer<typeof insideSchema>;
