/** The configuration file: every option with its default is in config/kmemtap.yaml, its schema beside it. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { LineCounter, parseDocument, visit } from "yaml";
import { z } from "zod";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";

export const configSchema = z
  .strictObject({
    serve: z
      .string()
      .default("127.0.0.1:8642")
      .describe("where live and demo serve the dashboard: HOST:PORT, loopback only"),
    snapshotMs: z.number().int().min(50).max(60_000).default(200).describe("milliseconds between snapshots"),
    silentAfterMs: z
      .number()
      .int()
      .min(500)
      .default(5000)
      .describe("milliseconds without a byte after which a target counts as silent"),
    logLevel: z
      .enum(["trace", "debug", "info", "warn", "error", "silent"])
      .default("info")
      .describe("what goes to stderr"),
    targets: z
      .record(z.string().regex(/^[\w.-]+$/, "a name has letters, digits, dots, dashes and underscores"), z.string())
      .default({})
      .describe("names for targets: NAME: URL"),
  })
  .meta({ id: "Config", title: "kmemtap configuration" });
export type Config = z.infer<typeof configSchema>;

/** The configuration in `path`, or in the first place that has one, or the defaults. */
export function loadConfig(path: string | undefined): Config {
  const chosen = path ?? process.env["KMEMTAP_CONFIG"] ?? usualPlaces().find(existsSync);
  return chosen === undefined ? configSchema.parse({}) : parseConfig(readConfig(chosen), chosen);
}

/** Parses the text of a configuration file; every fault named by file, line and key. */
export function parseConfig(text: string, file: string): Config {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const fault = document.errors.at(0);
  if (fault !== undefined) throw invalid(`${file}:${lineCounter.linePos(fault.pos[0]).line}: ${fault.message}`);

  const content = contentOf(document, file, lineCounter);
  // An empty file is an empty configuration.
  const parsed = configSchema.safeParse(content === null ? {} : content);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    // An unknown key is reported at its parent: the key itself is what one looks for.
    const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]] : issue.path;
    const message = issue.code === "invalid_key" ? (issue.issues.at(0)?.message ?? issue.message) : issue.message;
    return `${file}:${lineOf(document, path, lineCounter)}: ${path.join(".") || "(top level)"}: ${message}`;
  });
  throw invalid(faults.join("\n"));
}

/** Aliases are resolved only now: one that names nothing, or stands for thousands, is a fault of the file too. */
function contentOf(document: ReturnType<typeof parseDocument>, file: string, lineCounter: LineCounter): unknown {
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const line = lineCounter.linePos(alias.range?.[0] ?? 0).line;
      throw invalid(`${file}:${line}: *${alias.source} names no anchor`);
    },
  });
  try {
    return document.toJS();
  } catch (thrown) {
    throw invalid(`${file}:1: ${messageOf(thrown)}`);
  }
}

function lineOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  lineCounter: LineCounter,
): number {
  const node: unknown = document.getIn(path, true);
  const range = typeof node === "object" && node !== null && "range" in node ? (node.range as [number] | null) : null;
  return range === null ? 1 : lineCounter.linePos(range[0]).line;
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    throw invalid(`cannot read ${path}: ${messageOf(thrown)}`);
  }
}

function usualPlaces(): string[] {
  const home = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return ["kmemtap.yaml", join(home, "kmemtap", "kmemtap.yaml"), "/etc/kmemtap.yaml"];
}

function invalid(message: string): KmemtapError {
  return new KmemtapError("config/invalid", message, {
    nextStep: "config/kmemtap.yaml shows every option with its default",
    exitCode: ExitCode.wrongUse,
  });
}
