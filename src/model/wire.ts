/**
 * The WebSocket protocol of `/ws`, server to viewer: JSON, one message a frame. What a viewer may say is in `wire-request.ts`.
 *
 * A viewer gets `hello`, and for each target that it subscribes to one full `snapshot`, then `changes` upon what it last got.
 * A viewer that is slow gets fewer `changes`, each of which holds all that changed since its last one; a new boot of the
 * target, another view, or a viewer that asks with `resync`, gets a full `snapshot` again. `docs/wire.md` explains it.
 */
import { z } from "zod";
import { callerRowSchema, inputSchema, snapshotSchema, totalsSchema } from "./snapshot.ts";
import { targetFactsSchema } from "./target-facts.ts";
import { lossSchema } from "./loss.ts";
import { ACTION_KINDS } from "./action-kinds.ts";
import { workloadProgressSchema } from "./workload-view.ts";

export const WIRE_PROTOCOL = "kmemtap.wire/2";

export const lagSchema = z
  .object({
    behindSeconds: z.number().nonnegative().describe("target's clock less the trace clock of the last event received"),
    waitingEvents: z.number().int().nonnegative().describe("events still in the target's ring buffers"),
    etaSeconds: z
      .number()
      .nonnegative()
      .nullable()
      .describe("until the backlog is through at the present rate; null when it grows"),
    overrun: z.number().int().nonnegative().describe("events overwritten so far, as the target's per-CPU stats say"),
  })
  .meta({ id: "Lag" });
export type Lag = z.infer<typeof lagSchema>;

export const linkStateSchema = z
  .object({
    status: z.enum(["waiting", "streaming", "silent", "ended", "failed"]),
    sinceMs: z.number().describe("wall clock (Unix epoch, ms) when this status began"),
    detail: z.string().describe("one line for people"),
    nowMs: z.number().describe("wall clock of the server when this was sent"),
    bytesPerSecond: z.number().nonnegative(),
    eventsPerSecond: z.number().nonnegative(),
    idleSeconds: z
      .number()
      .int()
      .nonnegative()
      .describe("whole seconds since the trace clock was heard of last: no event has come since, and none waits"),
    lag: lagSchema.nullable().describe("null where the target does not report its own side"),
    milestone: z.string().nullable().describe("the last thing the guest said it did; null where it says nothing"),
  })
  .meta({ id: "LinkState" });
export type LinkState = z.infer<typeof linkStateSchema>;

export const historyPointSchema = z
  .tuple([z.number(), z.number(), z.number(), z.number()])
  .describe("[trace clock in seconds, netBytes, netRequestedBytes, liveObjects]");
export type HistoryPoint = z.infer<typeof historyPointSchema>;

export const alertSchema = z
  .object({
    level: z.enum(["info", "warning", "lost"]).describe("filling; about to overrun; events were lost"),
    atMs: z.number().describe("wall clock when it was seen"),
    timeNs: z.number().describe("trace clock near it"),
    cpu: z.number().int().nullable().describe("null where it is about the trace as a whole"),
    events: z
      .number()
      .int()
      .nullable()
      .describe(
        "level lost: events lost since the last alert of this CPU, null where the kernel gave no number; else null",
      ),
    text: z.string().describe("one line on what happened"),
    help: z.string().describe("one line on what would help; empty where nothing would"),
  })
  .meta({ id: "Alert" });
/** Something that the operator should know now: a ring buffer that fills or has overrun, a link that broke. */
export type Alert = z.infer<typeof alertSchema>;

export const runSummarySchema = z
  .object({ run: z.number().int(), endedMs: z.number(), exact: z.boolean(), totals: totalsSchema })
  .meta({ id: "RunSummary" });
/** An earlier boot of the target; its whole account is at `/api/targets/:id/snapshot.json?run=N`. */
export type RunSummary = z.infer<typeof runSummarySchema>;

export const markSchema = z
  .object({
    kind: z.enum(["phase-begin", "phase-end", "user", "gap", "boot"]),
    timeNs: z.number().describe("trace clock near it"),
    atMs: z.number().describe("wall clock (Unix epoch, ms) when it was heard of"),
    text: z.string().describe("one line: the phase's name, what the user wrote, why the link was down"),
  })
  .meta({ id: "Mark" });
/** A moment of the run that the timeline shows. */
export type Mark = z.infer<typeof markSchema>;

const seriesLineSchema = z.object({
  name: z.string().describe("a call site; a directory of the source, or where no kernel was given a module"),
  net: z.array(z.number()).describe("net bytes at each of the times"),
});
export const seriesSchema = z
  .object({
    times: z.array(z.number()).describe("trace clock, seconds; thinned the harder, the longer the run"),
    callers: z.array(seriesLineSchema).describe("those that hold and held the most, not all"),
    directories: z.array(seriesLineSchema),
  })
  .meta({ id: "Series" });
/** Who held the net bytes over time, for stacking: what is not in it is the history's net bytes less these. */
export type Series = z.infer<typeof seriesSchema>;

export const targetSummarySchema = z
  .object({
    id: z.string().describe("what messages and URLs call it"),
    label: z.string().describe("the target as the operator gave it"),
    state: z.enum(["stopped", "starting", "running", "ended", "failed"]),
    detail: z.string().describe("one line for people"),
    link: linkStateSchema.shape.status.nullable().describe("null before anything is known of it"),
    netBytes: z.number(),
    bytesPerSecond: z
      .number()
      .describe("how net bytes grew over the last minute of the trace clock, which goes on while nothing comes"),
    exact: z.boolean().describe("true as well while nothing has come of it: nothing is lost of what is no account"),
    alerts: z.number().int().describe("of this run"),
    neverReached: z
      .string()
      .optional()
      .describe(
        "why nothing has come of it yet, in any run: it has no account. Absent once something has, and before it has failed",
      ),
    actions: z
      .array(z.enum(ACTION_KINDS))
      .describe("what may be done to it in one state or another: of what is read, not armed, moments are noted alone"),
  })
  .meta({ id: "TargetSummary" });
/** What a list of targets shows of one. */
export type TargetSummary = z.infer<typeof targetSummarySchema>;

export const helloMessageSchema = z.object({
  type: z.literal("hello"),
  protocol: z.literal(WIRE_PROTOCOL),
  version: z.string().describe("kmemtap's version"),
  rights: z.object({ control: z.boolean().describe("whether this viewer may act on targets") }),
  targets: z.array(targetSummarySchema),
});

export const targetsMessageSchema = z.object({
  type: z.literal("targets"),
  targets: z.array(targetSummarySchema).describe("all of them, whole"),
});

const targetId = z.string().describe("the target's id");

export const othersSchema = z
  .object({ callers: z.number().int().nonnegative(), totals: totalsSchema })
  .meta({ id: "Others" });
/** The rows that a view leaves out, added up; peaks of a sum are not known: 0. */
export type Others = z.infer<typeof othersSchema>;

export const snapshotMessageSchema = z.object({
  type: z.literal("snapshot"),
  target: targetId,
  seq: z.number().int().describe("number of the state that this message brings its viewer to; grows with each state"),
  link: linkStateSchema,
  snapshot: snapshotSchema.describe("its callers are the view's rows, in the view's order; its totals are of all rows"),
  others: othersSchema.optional().describe("absent where the view shows all rows"),
  history: z.array(historyPointSchema),
  series: seriesSchema,
  marks: z.array(markSchema),
  alerts: z.array(alertSchema),
  workload: workloadProgressSchema
    .optional()
    .describe("the workload that runs, or ran last, in this run; absent before any. Its account is at workload.json"),
  previousRuns: z.array(runSummarySchema),
});
export type SnapshotMessage = z.infer<typeof snapshotMessageSchema>;

export const changesMessageSchema = z.object({
  type: z.literal("changes"),
  target: targetId,
  seq: z.number().int(),
  since: z
    .number()
    .int()
    .describe("seq of the message that these changes apply to: the last one of this target that this viewer was sent"),
  link: linkStateSchema,
  exact: z.boolean(),
  window: snapshotSchema.shape.window,
  totals: totalsSchema,
  loss: lossSchema,
  input: inputSchema,
  facts: targetFactsSchema
    .partial()
    .optional()
    .describe("the target's facts that changed; absent where none did, or where kmemtap did not arm the target"),
  symbols: snapshotSchema.shape.symbols.describe("as in the snapshot; absent where it is as it was"),
  stacks: snapshotSchema.shape.stacks.describe("as in the snapshot; absent where it is as it was"),
  callers: z.array(callerRowSchema).describe("rows of the view that are new or changed, whole"),
  gone: z
    .array(z.string())
    .optional()
    .describe("call sites that left the view; absent where none did: without filter and limit a row never vanishes"),
  others: othersSchema.optional().describe("absent where the view shows all rows"),
  points: z.array(historyPointSchema).describe("to be appended to the history"),
  series: seriesSchema.optional().describe("in place of the one before: its members changed, or it was thinned"),
  seriesPoints: z
    .array(z.array(z.number()))
    .describe("to be appended to the series: [time, net of each of its callers, net of each of its directories]"),
  marks: z.array(markSchema).describe("to be appended to the marks"),
  alerts: z.array(alertSchema).describe("to be appended to the alerts"),
  workload: workloadProgressSchema.optional().describe("as in the snapshot; absent where it is as it was"),
});
export type ChangesMessage = z.infer<typeof changesMessageSchema>;

export const replyMessageSchema = z.discriminatedUnion("ok", [
  z.object({
    type: z.literal("reply"),
    id: z.string().describe("of the control that it answers"),
    ok: z.literal(true),
    result: z
      .string()
      .optional()
      .describe(
        "one line on what was done, where there is something to say; of a workload, lines below it with what its phases printed",
      ),
  }),
  z.object({
    type: z.literal("reply"),
    id: z.string().nullable().describe("null where it answers a message that has none, such as subscribe"),
    ok: z.literal(false),
    error: z.string().describe("one line on what failed"),
    help: z.string().describe("one line on what to do; empty where there is nothing"),
  }),
]);
export type ReplyMessage = z.infer<typeof replyMessageSchema>;

export const serverMessageSchema = z
  .discriminatedUnion("type", [
    helloMessageSchema,
    targetsMessageSchema,
    snapshotMessageSchema,
    changesMessageSchema,
    replyMessageSchema,
  ])
  .meta({ id: "ServerMessage" });
export type ServerMessage = z.infer<typeof serverMessageSchema>;
