/** What `kmemtap doctor --json` prints: each check of a target with its finding and its remedy. */
import { z } from "zod";

export const DOCTOR_SCHEMA = "kmemtap.doctor/1";

export const checkSchema = z
  .object({
    name: z.string().describe("reach, login, root, tracefs and so on"),
    status: z
      .enum(["ok", "note", "problem"])
      .describe("a problem keeps a capture from being made; a note does not, but is worth knowing"),
    finding: z.string(),
    remedy: z.string().optional().describe("what can be done about it"),
  })
  .meta({ id: "Check" });
export type Check = z.infer<typeof checkSchema>;

export const doctorSchema = z
  .object({
    schema: z.literal(DOCTOR_SCHEMA),
    target: z.string().describe("what the operator called it; holds no password"),
    checks: z.array(checkSchema).describe("in the order in which they build on each other"),
    mode: z
      .enum(["raw", "text", "hist"])
      .nullable()
      .describe("the mode that a capture will choose; null where none can be made"),
    reason: z.string().nullable().describe("why that one"),
    headroom: z
      .number()
      .nullable()
      .describe(
        "how many times the measured rate of events the link can carry as text; null where it was not measured",
      ),
  })
  .meta({ id: "Doctor", title: "kmemtap doctor" });
export type Doctor = z.infer<typeof doctorSchema>;
