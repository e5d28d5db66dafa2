/** YAML that an operator wrote, by a schema: every fault is named by file, line and key. */
import { readFileSync } from "node:fs";
import { isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";

export interface YamlKind<T extends z.ZodType> {
  readonly schema: T;
  /** Where one finds what may stand in it. */
  readonly nextStep: string;
  /** What to give where a value may be of several kinds and is of none. */
  readonly choice: string;
}

/** @throws {KmemtapError} `config/invalid` */
export function readYamlFile<T extends z.ZodType>(path: string, kind: YamlKind<T>): z.infer<T> {
  return parseYaml(readText(path, kind.nextStep), path, kind);
}

/** @throws {KmemtapError} `config/invalid` */
export function parseYaml<T extends z.ZodType>(text: string, file: string, kind: YamlKind<T>): z.infer<T> {
  const invalid = (message: string) => invalidFile(message, kind.nextStep);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const fault = document.errors.at(0);
  if (fault !== undefined) throw invalid(`${file}:${lineCounter.linePos(fault.pos[0]).line}: ${inWords(fault)}`);

  const content = contentOf(document, file, lineCounter, invalid);
  // An empty file is an empty configuration.
  const parsed = kind.schema.safeParse(content === null ? {} : content);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues
    .flatMap((issue) => innermost(issue, kind.choice))
    .map((issue) => {
      // An unknown key is reported at its parent: the key itself is what one looks for.
      const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0]] : issue.path;
      const message = issue.code === "invalid_key" ? (issue.issues.at(0)?.message ?? issue.message) : issue.message;
      return `${file}:${lineOf(document, path, lineCounter)}: ${path.join(".") || "(top level)"}: ${message}`;
    });
  throw invalid(faults.join("\n"));
}

/** `me: local:` is a target's URL for its author, and a mapping in a mapping for YAML. */
function inWords({ code, message }: { readonly code: string; readonly message: string }): string {
  return code === "BLOCK_AS_IMPLICIT_KEY" ? 'a value with a colon at its end needs quotes: "local:"' : message;
}

type Issue = z.core.$ZodIssue;

/** Where a value may be a word or a block, the faults of the block are what a block's author wants to know. */
function innermost(issue: Issue, choice: string): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const inside = issue.errors.find((branch) =>
    branch.some(({ code, path }) => code !== "invalid_type" || path.length > 0),
  );
  return (inside ?? [{ ...issue, message: choice }]).map((inner) => ({
    ...inner,
    path: inside === undefined ? issue.path : [...issue.path, ...inner.path],
  }));
}

/** Aliases are resolved only now: one that names nothing, or stands for thousands, is a fault of the file too. */
function contentOf(
  document: ReturnType<typeof parseDocument>,
  file: string,
  lineCounter: LineCounter,
  invalid: (message: string) => KmemtapError,
): unknown {
  const lineOfNode = (node: { range?: readonly number[] | null }) => lineCounter.linePos(node.range?.[0] ?? 0).line;
  visit(document, {
    Pair: (_key, { key }) => {
      // An object has it already, and schemas leave it out without a word.
      if (isScalar(key) && key.value === "__proto__")
        throw invalid(`${file}:${lineOfNode(key)}: __proto__: cannot be a name here; choose another`);
    },
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      throw invalid(`${file}:${lineOfNode(alias)}: *${alias.source} names no anchor`);
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
  // A key that is missing has no line: its block has.
  if (node === undefined && path.length > 1) return lineOf(document, path.slice(0, -1), lineCounter);
  const range = typeof node === "object" && node !== null && "range" in node ? (node.range as [number] | null) : null;
  return range === null ? 1 : lineCounter.linePos(range[0]).line;
}

function readText(path: string, nextStep: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    throw invalidFile(`cannot read ${path}: ${messageOf(thrown)}`, nextStep);
  }
}

function invalidFile(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("config/invalid", message, { nextStep, exitCode: ExitCode.wrongUse });
}
