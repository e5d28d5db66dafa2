/** What the HTTP API answers, beside snapshots; docs/openapi.json is made of it. */
import { z } from "zod";
import { stackRowSchema } from "./snapshot.ts";
import { RING_ATTRIBUTES } from "./source-tree.ts";
import { taskRowSchema, tasksQuerySchema } from "./tasks.ts";
import { targetSummarySchema } from "./wire.ts";
import { callerFilterSchema, viewOrderSchema } from "./wire-request.ts";

export const refusedAnswerSchema = z
  .object({
    error: z.string().describe("one line on what failed"),
    help: z.string().optional().describe("one line on what to do"),
  })
  .meta({ id: "Refused" });
export type RefusedAnswer = z.infer<typeof refusedAnswerSchema>;

export const rightsSchema = z
  .object({ read: z.boolean(), control: z.boolean().describe("may act on targets") })
  .meta({ id: "Rights" });

export const ticketAnswerSchema = z
  .object({
    ticket: z
      .string()
      .describe("offered as ticket.TICKET in Sec-WebSocket-Protocol, beside kmemtap.wire.2; works once"),
    seconds: z.number().describe("how long it works"),
    rights: rightsSchema,
  })
  .meta({ id: "Ticket" });
export type TicketAnswer = z.infer<typeof ticketAnswerSchema>;

export const targetsAnswerSchema = z.object({ targets: z.array(targetSummarySchema) }).meta({ id: "Targets" });

export const healthAnswerSchema = z
  .object({
    status: z.literal("ok"),
    viewers: z.number().int().optional().describe("connected now; absent for who may not look"),
    targets: z.record(z.string(), targetSummarySchema.shape.state).optional().describe("each target's state, by id"),
  })
  .meta({ id: "Health" });

export const targetParamsSchema = z.object({
  id: z.string().max(100).describe("the target's id, as /api/targets has it"),
});

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const span = {
  from: z.coerce.number().optional().describe("trace clock, seconds; the beginning where absent"),
  to: z.coerce.number().optional().describe("trace clock, seconds; now where absent"),
};
const isForward = ({ from = -Infinity, to = Infinity }: { from?: number | undefined; to?: number | undefined }) =>
  from <= to;
/** `nextStep` is for who is refused. */
const BACKWARD = { error: "from is later than to", params: { nextStep: "exchange them" } };

const OF_WINDOW = "json, csv, svg, png, pb.gz: of what changed in this part of the present run, trace clock, seconds";
export const snapshotQuerySchema = z
  .strictObject({
    from: span.from.describe(`${OF_WINDOW}; the beginning where only \`to\` is given`),
    to: span.to.describe(`${OF_WINDOW}; now where only \`from\` is given`),
    run: z.coerce
      .number()
      .int()
      .min(1)
      .optional()
      .describe("an earlier run that is kept; the present one where absent"),
    order: viewOrderSchema.default("netBytes"),
    descending: flag.optional().describe("largest first unless said otherwise"),
    ...callerFilterSchema.shape,
    ...tasksQuerySchema.pick({ task: true, comm: true }).shape,
    limit: z.coerce.number().int().min(1).max(100_000).optional().describe("the first so many callers"),
    freeing: flag.optional().describe("json: who freed, where that is known, with the account"),
    a: z.enum(RING_ATTRIBUTES).optional().describe("svg, png: what the rings show"),
  })
  .refine(isForward, BACKWARD);
export type SnapshotQuery = z.infer<typeof snapshotQuerySchema>;

export const spanQuerySchema = z.strictObject(span).refine(isForward, BACKWARD);
export type SpanQuery = z.infer<typeof spanQuerySchema>;

export const windowQuerySchema = z
  .strictObject({
    ...span,
    by: z
      .enum(["caller", "task", "stack"])
      .optional()
      .describe("task, stack: tasks, or kernel stacks, instead of callers, where they are kept"),
    order: z
      .enum(["netBytes", "totalBytes", "allocs", "frees", "liveObjects"])
      .optional()
      .describe("by which change they are listed, netBytes unless said: the largest first, of stacks also downwards"),
    ...tasksQuerySchema.pick({ task: true, comm: true }).shape,
  })
  .refine(isForward, BACKWARD);
export type WindowQuery = z.infer<typeof windowQuerySchema>;

export const WINDOW_SCHEMA = "kmemtap.window/1";
/** As many as `inside.json` lists. */
export const MOST_STACKS = 1000;
const windowFigures = {
  netBytes: z.number().describe("net bytes at the end less those at the beginning"),
  totalBytes: z.number().describe("bytes allocated in the window"),
  allocs: z.number().describe("allocations in the window"),
  frees: z.number().describe("of objects of this caller, in the window, whenever they were allocated"),
  liveObjects: z
    .number()
    .describe("live objects at the end less those at the beginning: also those that ended unseen are gone"),
};
const momentSchema = z.object({
  asked: z.number().nullable().describe("trace clock, seconds; null where nothing was asked for"),
  used: z.number().describe("the moment that was nearest, of those that are kept"),
});
export const windowSchema = z
  .object({
    schema: z.literal(WINDOW_SCHEMA),
    target: z.string(),
    run: z.number().int(),
    exact: z.boolean().describe("of the run up to now"),
    from: momentSchema,
    to: momentSchema,
    totals: z.object(windowFigures),
    callers: z
      .array(z.object({ callSite: z.string(), caller: z.string(), ...windowFigures }))
      .describe("those of which something changed, by netBytes; none where tasks or stacks were asked for"),
    tasks: z
      .array(
        z.object({
          ...taskRowSchema.pick({ id: true, pid: true, comm: true }).shape,
          ...windowFigures,
          callSites: z.number().int().describe("by which something changed"),
        }),
      )
      .optional()
      .describe("with by=task: those of which something changed, by netBytes"),
    stacks: z
      .array(z.object({ ...stackRowSchema.pick({ frames: true, caller: true }).shape, ...windowFigures }))
      .optional()
      .describe(
        `with by=stack: up to ${String(MOST_STACKS)}, those with the largest change, up or down, of 'order' first`,
      ),
    stacksBeyond: z
      .object({ stacks: z.number().int().nonnegative(), ...windowFigures })
      .optional()
      .describe("with by=stack: those that changed too and are not listed; `totals` are of all"),
  })
  .meta({ id: "Window", title: WINDOW_SCHEMA });
/** What changed between two moments of a run. */
export type Window = z.infer<typeof windowSchema>;
