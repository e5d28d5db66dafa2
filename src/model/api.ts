/** What the HTTP API answers, beside snapshots; docs/openapi.json is made of it. */
import { z } from "zod";
import { targetSummarySchema } from "./wire.ts";

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
