/**
 * The WebSocket protocol of `/ws`: JSON, one message a frame, server to viewer.
 *
 * A viewer gets `hello`, then one full `snapshot`, then `changes` upon what it last got. A viewer that is slow gets
 * fewer `changes`, each of which holds all that changed since its last one; a new boot of the target, or a viewer that
 * asks with `resync`, gets a full `snapshot` again. `docs/wire.md` explains it.
 */
import { z } from "zod";
import {
  callerRowSchema,
  inputSchema,
  lossSchema,
  snapshotSchema,
  targetFactsSchema,
  totalsSchema,
} from "./snapshot.ts";

export const WIRE_PROTOCOL = "kmemtap.wire/1";

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
/** An earlier boot of the target; its whole account is at `/api/snapshot?run=N`. */
export type RunSummary = z.infer<typeof runSummarySchema>;

export const helloMessageSchema = z.object({
  type: z.literal("hello"),
  protocol: z.literal(WIRE_PROTOCOL),
  version: z.string().describe("kmemtap's version"),
});

export const snapshotMessageSchema = z.object({
  type: z.literal("snapshot"),
  seq: z.number().int().describe("number of the state that this message brings its viewer to; grows with each state"),
  link: linkStateSchema,
  snapshot: snapshotSchema,
  history: z.array(historyPointSchema),
  alerts: z.array(alertSchema),
  previousRuns: z.array(runSummarySchema),
});
export type SnapshotMessage = z.infer<typeof snapshotMessageSchema>;

export const changesMessageSchema = z.object({
  type: z.literal("changes"),
  seq: z.number().int(),
  since: z.number().int().describe("seq of the message that these changes apply to: the last one this viewer was sent"),
  link: linkStateSchema,
  exact: z.boolean(),
  window: snapshotSchema.shape.window,
  totals: totalsSchema,
  loss: lossSchema,
  input: inputSchema,
  target: targetFactsSchema
    .partial()
    .optional()
    .describe("the target's facts that changed; absent where none did, or where kmemtap did not arm the target"),
  callers: z.array(callerRowSchema).describe("rows that are new or changed, whole; a row never vanishes within a run"),
  points: z.array(historyPointSchema).describe("to be appended to the history"),
  alerts: z.array(alertSchema).describe("to be appended to the alerts"),
});
export type ChangesMessage = z.infer<typeof changesMessageSchema>;

export const serverMessageSchema = z
  .discriminatedUnion("type", [helloMessageSchema, snapshotMessageSchema, changesMessageSchema])
  .meta({ id: "ServerMessage", title: WIRE_PROTOCOL });
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/** All a viewer may say. Anything else is answered by closing the connection (1008). */
export const viewerMessageSchema = z.object({ type: z.literal("resync") }).meta({ id: "ViewerMessage" });
