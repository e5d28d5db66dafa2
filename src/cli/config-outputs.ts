/** The configuration of where accounts go beyond the page: metrics, profiles, messages, and the daemon. */
import { z } from "zod";

const paceMs = (least: number, usual: number) => z.number().int().min(least).max(86_400_000).default(usual);

export const metricsSchema = z.strictObject({
  topCallers: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(20)
    .describe("callers of each target with a series of their own in /metrics; the rest are one"),
});

export const pyroscopeSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("the Pyroscope server; profiles are pushed to its /ingest"),
  everyMs: paceMs(1000, 15_000).describe("milliseconds between profiles"),
  application: z.string().min(1).default("kmemtap").describe("name of the application that they are of"),
  labels: z
    .record(z.string().regex(/^[a-zA-Z_]\w*$/, "a label has letters, digits and underscores"), z.string())
    .default({})
    .describe("added to each profile, beside the target"),
  tenant: z
    .string()
    .regex(/^[\w.()*'!-]{1,150}$/, "a tenant has letters, digits and !-_.*'()")
    .optional()
    .describe("X-Scope-OrgID of a server with several tenants"),
  tokenFile: z.string().min(1).optional().describe("a file with the server's bearer token on its first line"),
});
export type PyroscopeSettings = z.infer<typeof pyroscopeSchema>;

export const natsSchema = z.strictObject({
  url: z
    .string()
    .regex(/^(?:nats|tls):\/\//, "begins with nats:// or tls://")
    .describe("the NATS server"),
  stream: z
    .string()
    .regex(/^[\w-]+$/, "a stream's name has letters, digits, dashes and underscores")
    .default("KMEMTAP")
    .describe("the JetStream stream; made where it is not there"),
  subject: z
    .string()
    .regex(/^[\w-]+(?:\.[\w-]+)*$/, "words with dots between them")
    .default("kmemtap")
    .describe("messages go to SUBJECT.alert.TARGET and SUBJECT.snapshot.TARGET"),
  everyMs: paceMs(1000, 60_000).describe("milliseconds between snapshots of a target"),
  spool: z.string().min(1).describe("a directory that keeps what could not be sent yet, also when kmemtap ends"),
  spoolMb: z
    .number()
    .int()
    .min(1)
    .max(65_536)
    .default(64)
    .describe("what it may take, MiB; beyond that the oldest snapshots go first, and alerts last"),
  tokenFile: z.string().min(1).optional().describe("a file with the server's token on its first line"),
});
export type NatsSettings = z.infer<typeof natsSchema>;

export const daemonSchema = z.strictObject({
  targets: z
    .union([z.literal("all"), z.array(z.string())])
    .default("all")
    .describe("names of the targets that kmemtap daemon watches"),
  directory: z
    .string()
    .min(1)
    .optional()
    .describe("where snapshots are written, each target's in a directory of its name"),
  everyMs: paceMs(200, 300_000).describe("milliseconds between them"),
  formats: z
    .array(z.enum(["account", "slab-account", "callers", "json", "tasks", "csv", "svg", "png", "pprof"]))
    .min(1)
    .default(["json"])
    .describe("the forms they are written in; tasks where tasks: true keeps them"),
  atOverrun: z.boolean().default(true).describe("write one when events are lost as well"),
  when: z.array(z.string()).default([]).describe("and when one of these comes true: net > 64M"),
});
export type DaemonSettings = z.infer<typeof daemonSchema>;
