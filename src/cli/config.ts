/** The configuration file: every option with its default is in config/kmemtap.yaml, its schema beside it. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { MODES, OVERRUN_POLICIES } from "./arm-words.ts";
import { daemonSchema, metricsSchema, natsSchema, pyroscopeSchema } from "./config-outputs.ts";
import { parseYaml, readYamlFile, type YamlKind } from "./yaml-file.ts";

const targetSettingsSchema = z.strictObject({
  url: z.string().describe("where it is"),
  user: z.string().optional().describe("whom to log in as"),
  password: z.string().optional().describe("keep the file to yourself; better a passwordFile or a key"),
  passwordFile: z.string().optional().describe("a file with the password on its first line"),
  identity: z.string().optional().describe("ssh: a private key's file"),
  sshConfig: z.string().optional().describe("ssh: an OpenSSH configuration in place of the user's own"),
  mode: z.enum(MODES).optional().describe("how to read it, as --mode says"),
  onOverrun: z.enum(OVERRUN_POLICIES).optional().describe("when a ring buffer overruns, as --on-overrun says"),
  acceptNew: z.boolean().optional().describe("ssh: store an unknown host key; a changed one is refused all the same"),
  kernel: z
    .string()
    .min(1)
    .optional()
    .describe(
      "live, daemon: where its callers are in the source, as -k has it: a built tree, a debug package's directory, a vmlinux or a System.map",
    ),
});
export type TargetSettings = z.infer<typeof targetSettingsSchema>;

const alertsSchema = z.strictObject({
  command: z
    .string()
    .min(1)
    .optional()
    .describe("a shell command that is run for alerts, those of one kind in 5 s together"),
  webhook: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("an http or https URL that alerts are posted to, those of one kind in 5 s together"),
});

const overrunSchema = z.strictObject({
  pollMs: z
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(1000)
    .describe("milliseconds between looks at the ring buffers"),
  infoFill: z.number().min(0).max(1).default(0.5).describe("how full a CPU's buffer is when it is mentioned, 0 to 1"),
  warningFill: z.number().min(0).max(1).default(0.8).describe("how full it is when it is warned of, 0 to 1"),
  warningSeconds: z.number().min(0).default(5).describe("warn when a buffer will be full within so many seconds"),
  bufferKb: z
    .union([z.literal("auto"), z.number().int().min(4)])
    .default("auto")
    .describe(
      "size of each CPU's ring buffer on the target, KiB; auto: by its memory, 40960 at most, and 8192 on a link of one channel",
    ),
  subBufferKb: z
    .union([z.literal("auto"), z.number().int().min(0).max(512)])
    .default("auto")
    .describe(
      "size of what mode raw reads at a time, KiB, on Linux 6.8 and later; 0: a page, as the kernel has it; auto: 16 on this machine, else 0",
    ),
  growLimitKb: z
    .number()
    .int()
    .min(4)
    .default(262_144)
    .describe("what onOverrun: grow of a target, or --on-overrun grow, may enlarge it to, KiB for each CPU"),
});

const rightSchema = z.enum(["read", "control"]);
const tokenSchema = z.strictObject({
  name: z.string().min(1).optional().describe("what a log calls it"),
  token: z.string().min(1).optional().describe("keep the file to yourself; better a tokenFile"),
  tokenFile: z.string().optional().describe("a file with the token on its first line, which nobody else may read"),
  rights: z.array(rightSchema).min(1).default(["read"]).describe("read: look; control: act on targets, and look"),
});
export type TokenSettings = z.infer<typeof tokenSchema>;

const count = (fallback: number, meaning: string) => z.number().int().min(1).default(fallback).describe(meaning);
const accessSchema = z.strictObject({
  tokens: z.array(tokenSchema).default([]).describe("who gets in; where there is one, nobody gets in without"),
  hosts: z
    .array(z.string().min(1))
    .default([])
    .describe("names by which the server is asked, beside this machine's own"),
  proxy: z
    .strictObject({
      addresses: z
        .array(z.union([z.ipv4(), z.ipv6()]))
        .min(1)
        .describe("IP addresses of the reverse proxy, as its connections have them"),
      rights: z.array(rightSchema).min(1).default(["read"]).describe("what those may whom it lets through"),
    })
    .optional()
    .describe("a reverse proxy that knows who may come: its requests need no token"),
  readOnly: z.boolean().default(false).describe("nobody acts on a target by way of the server"),
  limits: z
    .strictObject({
      connections: count(512, "WebSockets at a time"),
      connectionsPerAddress: count(256, "the same, of one address"),
      requestsPerSecond: count(200, "of one address"),
      messagesPerSecond: count(20, "of one WebSocket"),
    })
    .prefault({}),
});
export type AccessConfig = z.infer<typeof accessSchema>;

export const configSchema = z
  .strictObject({
    serve: z
      .string()
      .default("127.0.0.1:8642")
      .describe("where live and demo serve the dashboard: HOST:PORT; what others can reach needs a token"),
    access: accessSchema.prefault({}).describe("who may look and who may act: docs/access.md"),
    snapshotMs: z.number().int().min(50).max(60_000).default(200).describe("milliseconds between snapshots"),
    silentAfterMs: z
      .number()
      .int()
      .min(500)
      .default(5000)
      .describe("milliseconds without a byte after which a target counts as silent"),
    memoryMb: z
      .number()
      .int()
      .min(1)
      // A WebAssembly memory has 4 GiB.
      .max(3072)
      .default(1024)
      .describe(
        "what the live objects of a target may take here, MiB; allocations beyond that are counted, not followed",
      ),
    stacks: z
      .boolean()
      .default(false)
      .describe("have each allocation followed by its stack, as --stacks does: callers are then charged past wrappers"),
    lifetimes: z
      .boolean()
      .default(false)
      .describe("keep who frees a caller's objects and how long they live, as --lifetimes does"),
    tasks: z.boolean().default(false).describe("keep which task allocated what is held, as --tasks does"),
    bulk: z
      .boolean()
      .default(false)
      .describe(
        "follow frees that raise no event (kfree_rcu, bulk) by kprobes, as --bulk does, where the target's kernel has them",
      ),
    wrappers: z
      .string()
      .min(1)
      .optional()
      .describe("a file of functions that allocate for their callers, in place of the list that comes with kmemtap"),
    logLevel: z
      .enum(["auto", "trace", "debug", "info", "warn", "error", "silent"])
      .default("auto")
      .describe(
        "what goes to stderr; auto: info of live, daemon and demo, and of others warn, which is what somebody can do something about; -v of a command says more",
      ),
    logFormat: z
      .enum(["text", "json"])
      .default("text")
      .describe("lines of text, or of JSON for what collects logs; either way all of one form, but for the last error"),
    targets: z
      .record(
        z
          .string()
          .regex(
            /^(?!\.{1,2}$)[\w.-]{1,100}$/,
            "a name has letters, digits, dots, dashes and underscores, 100 at most, and is neither . nor ..",
          ),
        z.union([z.string(), targetSettingsSchema]),
      )
      .default({})
      .describe("names for targets: NAME: URL, or NAME with url, user, password, passwordFile, identity and so on"),
    alerts: alertsSchema.prefault({}).describe("who else is told when events are about to be lost, or were"),
    overrun: overrunSchema.prefault({}).describe("how a target's ring buffers are watched"),
    pyroscope: pyroscopeSchema.optional().describe("a Pyroscope server that heap profiles are pushed to"),
    nats: natsSchema.optional().describe("a NATS JetStream that alerts and snapshots are sent to"),
    daemon: daemonSchema.prefault({}).describe("what kmemtap daemon watches, and the files it writes"),
    metrics: metricsSchema.prefault({}).describe("what /metrics says to Prometheus"),
  })
  .meta({ id: "Config", title: "kmemtap configuration" });
export type Config = z.infer<typeof configSchema>;

/** The configuration in `path`, or in the first place that has one, or the defaults. */
export function loadConfig(path: string | undefined): Config {
  const chosen = path ?? process.env["KMEMTAP_CONFIG"] ?? usualPlaces().find(existsSync);
  return chosen === undefined ? configSchema.parse({}) : readYamlFile(chosen, CONFIGURATION);
}

/** Parses the text of a configuration file; every fault named by file, line and key. */
export function parseConfig(text: string, file: string): Config {
  return parseYaml(text, file, CONFIGURATION);
}

const CONFIGURATION: YamlKind<typeof configSchema> = {
  schema: configSchema,
  nextStep: "config/kmemtap.yaml shows every option with its default",
  choice: "give a URL, or a block with url, user and so on",
};

function usualPlaces(): string[] {
  const home = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return ["kmemtap.yaml", join(home, "kmemtap", "kmemtap.yaml"), "/etc/kmemtap.yaml"];
}
