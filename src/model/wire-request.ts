/** The WebSocket protocol of `/ws`, viewer to server. What does not read as one of these closes the connection (1008). */
import { z } from "zod";
import { KIND } from "./caller-filter.ts";
import { serverMessageSchema, WIRE_PROTOCOL } from "./wire.ts";

const targetId = z.string().min(1).max(100).describe("the target's id");
const text = z.string().min(1).max(200);

/** What the rows of a view can be ordered by. */
export const viewOrderSchema = z.enum([
  "netBytes",
  "totalBytes",
  "wasteBytes",
  "peakNetBytes",
  "liveObjects",
  "allocs",
  "frees",
  "impliedFrees",
  "caller",
]);
export type ViewOrder = z.infer<typeof viewOrderSchema>;

/** By the callers themselves: what the API filters by as well. */
export const callerFilterSchema = z.strictObject({
  text: text.optional().describe("words that all stand in the caller or its source file, whatever the case"),
  directory: text.optional().describe("a directory or file of the source, from the kernel tree's root: fs/ext4"),
  module: text
    .optional()
    .describe("a module's name, without brackets; built-in: what is in none; address: where no name is known"),
  kind: z
    .string()
    .regex(KIND, "kmalloc, cache or a number of bytes")
    .optional()
    .describe("with live objects of kmalloc, of a cache, or of so many bytes allocated each: 64"),
});

export const viewFilterSchema = callerFilterSchema
  .extend({
    task: z.number().int().min(0).max(999_999_999).optional().describe("a task's id in tasks.json: what it allocated"),
    comm: z.string().max(100).optional().describe("a name of tasks: what they allocated, of each caller together"),
  })
  .meta({ id: "ViewFilter" });
export type ViewFilter = z.infer<typeof viewFilterSchema>;

export const viewSchema = z
  .strictObject({
    order: viewOrderSchema.default("netBytes"),
    descending: z.boolean().optional().describe("largest first unless said otherwise; callers by name: a to z"),
    filter: viewFilterSchema.optional().describe("rows that meet all of it"),
    limit: z.number().int().min(1).max(100_000).optional().describe("the first so many rows; all where absent"),
  })
  .meta({ id: "View" });
/** Which callers a viewer is sent, in which order. */
export type View = z.infer<typeof viewSchema>;

export const subscribeSchema = z.strictObject({
  type: z.literal("subscribe"),
  target: targetId,
  view: viewSchema.optional().describe("all rows by net bytes where absent"),
  paceMs: z.number().int().min(0).max(60_000).optional().describe("at least so long between two messages"),
});

const phaseSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, "letters, digits, dots, dashes and underscores"),
  command: z.string().min(1).max(4000).describe("a line of shell on the target"),
});

export const controlActionSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("mark"),
      text: text.regex(/^\P{Cc}+$/u).describe("one line, without control characters"),
    }),
    z.strictObject({ kind: z.literal("stop") }),
    z.strictObject({ kind: z.literal("start") }),
    z.strictObject({ kind: z.literal("grow"), bufferKb: z.number().int().min(4).max(16_777_216) }),
    z.strictObject({
      kind: z.literal("run"),
      phases: z.array(phaseSchema).min(1).max(32),
      rounds: z.number().int().min(1).max(100).optional().describe("how often all of them run; once unless said"),
    }),
  ])
  .meta({ id: "ControlAction" });
/** What an operator may have done to a target. */
export type ControlAction = z.infer<typeof controlActionSchema>;

/** A control as such, whatever it asks for: it can be answered. */
export const controlHeadSchema = z.looseObject({ type: z.literal("control"), id: z.string().min(1).max(64) });
export const controlSchema = z.strictObject({
  ...controlHeadSchema.shape,
  target: targetId,
  action: controlActionSchema,
});

export const viewerMessageSchema = z
  .discriminatedUnion("type", [
    subscribeSchema,
    z.strictObject({ type: z.literal("unsubscribe"), target: targetId }),
    z.strictObject({ type: z.literal("resync"), target: targetId }),
    controlSchema,
  ])
  .meta({ id: "ViewerMessage" });
/** All a viewer may say, as it is read: with defaults. */
export type ViewerMessage = z.infer<typeof viewerMessageSchema>;
/** The same as a viewer may write it. */
export type ViewerRequest = z.input<typeof viewerMessageSchema>;

/** Both directions, for docs/wire.schema.json. */
export const wireSchema = z.union([serverMessageSchema, viewerMessageSchema]).meta({ title: WIRE_PROTOCOL });
