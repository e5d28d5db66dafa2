/** The account of a workload for a terminal: phases, residue, rounds, verdict. No line is wider than {@link WIDTH}. */
import type { GrowingCaller, Repeat, Residue, ResidueCaller, Workload, WorkloadPhase } from "../model/workload.ts";
import { wrapWords } from "../format/wrap-words.ts";
import { isOwnCaller } from "../model/own-callers.ts";
import { column, formatRow, impliedMark, placeOf } from "./account-file.ts";
import { lossNotice } from "./loss-notice.ts";
import { functionCountsNotice } from "./function-counts-notice.ts";
import { reconciliationNotice } from "./reconciliation-notice.ts";

const WIDTH = 100;
const RULE = "-".repeat(45);
/** What was freed later is in neither the one nor the other: a phase may change much and leave nothing. */
const COLUMNS =
  "net change: bytes allocated less bytes freed while it ran, of older objects too; left behind: of what it allocated, what is there at the end of all";
/** Rounds whose figures are written out for a call site. */
const ROUNDS_SHOWN = 8;

export interface WorkloadReportOptions {
  /** Rows of a table; 10 unless said. */
  readonly top?: number;
  /** The last lines of every command's output; those of commands that failed are shown in any case. */
  readonly output?: boolean;
}

export function formatWorkload(workload: Workload, options: WorkloadReportOptions = {}): string {
  const top = options.top ?? 10;
  const names = [...new Set(workload.phases.map((phase) => phase.name))];
  const sections = [
    [
      ...wrap(`target ${printable(workload.target)}`),
      ...wrap(`scope  ${workload.scope}: ${workload.scopeNote}`),
      ...wrap(COLUMNS),
    ],
    ...names.map((name) =>
      formatPhase(
        workload.phases.filter((phase) => phase.name === name),
        { repeated: workload.repeat !== null, top, output: options.output === true, own: workload.scope === "process" },
      ),
    ),
    formatResidue(workload.residue, names.length > 1, top),
  ];
  if (workload.repeat !== null) sections.push(formatRepeat(workload.repeat, names.length > 1, top));
  sections.push(ending(workload));
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(""))
    .join("\n");
}

interface PhaseOptions {
  readonly repeated: boolean;
  readonly top: number;
  readonly output: boolean;
  /** Some callers may be kmemtap's own. */
  readonly own: boolean;
}

/** One phase, a line for each of its rounds, and the callers of the last one: by then caches have filled. */
function formatPhase(rounds: readonly WorkloadPhase[], { repeated, top, output, own }: PhaseOptions): string[] {
  const last = rounds[rounds.length - 1];
  const lines = [fit(`phase ${printable(last.name)}: ${printable(last.command)}`, WIDTH)];
  lines.push(`${repeated ? "round " : ""}exit      time   allocs    frees net change  left behind at the end`);
  for (const phase of rounds) {
    lines.push((repeated ? `${column(phase.round, 5)} ` : "") + phaseLine(phase));
    const failed = phase.status !== null && phase.status !== 0;
    if (output || failed) lines.push(...(phase.output ?? []).map((line) => fit(`  | ${printable(line)}`, WIDTH)));
  }
  const besides = besidesOf(last);
  if (besides !== undefined) lines.push(besides);
  if (last.callers.length === 0) return lines;
  lines.push(
    `   total    freed   change alloc/free  caller${repeated ? ` (in round ${String(last.round)})` : ""}`,
    RULE,
  );
  // What a phase freed matters as much as what it allocated: an unload is known by it.
  const callers = [...last.callers].sort((a, b) => Math.abs(b.netBytes) - Math.abs(a.netBytes));
  for (const row of callers.slice(0, top)) {
    const numbers = formatRow([row.totalBytes, row.freedBytes, row.netBytes], row.allocs, row.frees, "");
    const mark = impliedMark(row) + (own && isOwnCaller(row.callSite) ? "  (kmemtap's own)" : "");
    lines.push(numbers + fit(row.caller, WIDTH - numbers.length - mark.length) + mark);
  }
  return [...lines, ...more(callers.length - top)];
}

function phaseLine(phase: WorkloadPhase): string {
  const { startedNs, endedNs } = phase;
  const time = startedNs === null || endedNs === null ? "-" : `${((endedNs - startedNs) / 1e9).toFixed(3)}s`;
  const left =
    phase.leftObjects === 0 ? "nothing" : `${count(phase.leftObjects, "object")}, ${count(phase.leftBytes, "byte")}`;
  return [
    (phase.status === null ? "-" : String(phase.status)).padStart(4),
    time.padStart(9),
    column(phase.allocs, 8),
    column(phase.frees, 8),
    column(phase.netBytes, 10),
    ` ${left}${phase.interrupted ? (endedNs === null ? " (interrupted)" : " (its beginning was not seen)") : ""}`,
  ].join(" ");
}

/** What the phase's line has no column for. */
function besidesOf(phase: WorkloadPhase): string | undefined {
  const parts: string[] = [];
  if (phase.impliedFrees > 0) parts.push(`${count(phase.impliedFrees, "implied free")}, in net but not in frees`);
  if (phase.unmatchedFrees > 0) parts.push(`${count(phase.unmatchedFrees, "free")} of objects older than the trace`);
  return parts.length === 0 ? undefined : `besides: ${parts.join("; ")}`;
}

function formatResidue(residue: Residue, phased: boolean, top: number): string[] {
  if (residue.objects === 0) return ["residue: nothing that the workload allocated is still there"];
  const lines = [
    `residue: of what the workload allocated, ${count(residue.objects, "object")} and ${count(residue.bytes, "byte")} are still there`,
    " objects    bytes    oldest caller",
    RULE,
  ];
  for (const row of residue.callers.slice(0, top)) lines.push(...residueLines(row, phased));
  lines.push(...more(residue.callers.length - top));
  const modules = byModule(residue.callers);
  if (modules.length > 0) lines.push(...wrap(`in modules: ${modules.join("; ")}`));
  if (residue.callers.some((row) => row.marks.includes("unseen-frees") && row.doubtfulObjects === undefined))
    lines.push(...wrap("unseen frees: objects like these are freed without an event, so that some may be gone"));
  if (residue.callers.some((row) => row.doubtfulObjects !== undefined))
    lines.push(...wrap("may be gone: at most so many, by what /proc/slabinfo lacks of objects of that size"));
  if (residue.callers.some(({ addresses }) => addresses?.some(isHashed)))
    lines.push(
      ...wrap(
        "these are no addresses but the kernel's hashes of them (%p), which no debugger knows: no_hash_pointers on its command line shows addresses",
      ),
    );
  return lines;
}

/** No object begins off a word; three of four hashes do. */
function isHashed(address: string): boolean {
  return BigInt(address) % 4n !== 0n;
}

function residueLines(row: ResidueCaller, phased: boolean): string[] {
  const oldest = row.ages === null ? "-" : `${row.ages.oldestS.toFixed(3)}s`;
  const numbers = `${column(row.objects, 8)} ${column(row.bytes, 8)} ${oldest.padStart(9)} `;
  const notes = (row.source?.file ?? null) === null ? [] : [placeOf(row)];
  if (phased) notes.push(phasesOf(row.byPhase));
  if (row.marks.includes("own")) notes.push("kmemtap's own");
  if (row.doubtfulObjects !== undefined) notes.push(`${String(row.doubtfulObjects)} may be gone`);
  else if (row.marks.includes("unseen-frees")) notes.push("unseen frees");
  const line = numbers + fit(row.caller, WIDTH - numbers.length);
  const note = notes.length === 0 ? "" : `(${notes.join(", ")})`;
  const indent = " ".repeat(numbers.length);
  const lines =
    note === ""
      ? [line]
      : line.length + 2 + note.length <= WIDTH
        ? [`${line}  ${note}`]
        : [line, ...wrap(note, indent)];
  if (row.addresses === undefined || row.addresses.length === 0) return lines;
  const hidden = row.objects - row.addresses.length;
  return [...lines, ...wrap(row.addresses.join(" ") + (hidden > 0 ? ` and ${String(hidden)} more` : ""), indent)];
}

/** `[fat] 3 objects, 1024 bytes`, largest first: what a module left behind is what an unload must have freed. */
function byModule(callers: readonly ResidueCaller[]): string[] {
  const modules = new Map<string, { objects: number; bytes: number }>();
  for (const { caller, objects, bytes } of callers) {
    const name = /\[[^\]]+\]$/.exec(caller)?.[0];
    if (name === undefined) continue;
    const before = modules.get(name) ?? { objects: 0, bytes: 0 };
    modules.set(name, { objects: before.objects + objects, bytes: before.bytes + bytes });
  }
  return [...modules]
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .map(([name, { objects, bytes }]) => `${name} ${count(objects, "object")}, ${count(bytes, "byte")}`);
}

function formatRepeat(repeat: Repeat, phased: boolean, top: number): string[] {
  const lines = [
    `repeat: ${count(repeat.rounds, "round")} ran to the end; here a round is its phases and the pauses in and behind it`,
    "round net change  net objects  left behind at the end",
    ...repeat.perRound.map(
      (row) =>
        `${column(row.round, 5)} ${column(row.netBytes, 10)} ${column(row.netObjects, 12)}  ` +
        `${count(row.survivors, "object")}, ${count(row.survivorBytes, "byte")}`,
    ),
  ];
  for (const verdict of ["leak", "unsteady", "unseen-frees", "cache"] as const) {
    const rows = repeat.growing.filter((row) => row.verdict === verdict);
    const groups = alikeTogether(rows);
    for (const group of groups.slice(0, top)) lines.push(...growingLines(group, phased));
    lines.push(...more(sum(groups.slice(top), (group) => group.length)));
  }
  return lines;
}

const VERDICT_WIDTH = 14;

/** Callers that left as much in every round stand under one verdict. */
function alikeTogether(rows: readonly GrowingCaller[]): GrowingCaller[][] {
  const groups = new Map<number | string, GrowingCaller[]>();
  for (const row of rows) {
    const key = row.group ?? row.callSite;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** Callers of a group that are named. */
const ALIKE_SHOWN = 8;

function growingLines(group: readonly GrowingCaller[], phased: boolean): string[] {
  const [row] = group;
  const indent = " ".repeat(VERDICT_WIDTH);
  const phases = phased ? ` (${phasesOf(row.byPhase)})` : "";
  const shown = group.slice(0, ALIKE_SHOWN);
  const net = row.perRound.map((_, round) => sum(group, (member) => member.perRound[round]));
  return [
    ...shown.flatMap((member, i) => [
      (i === 0 ? row.verdict : "  alike").padEnd(VERDICT_WIDTH) + fit(member.caller, WIDTH - VERDICT_WIDTH),
      ...((member.source?.file ?? null) === null ? [] : [indent + fit(placeOf(member), WIDTH - VERDICT_WIDTH)]),
    ]),
    ...(group.length > shown.length ? [`${indent}… and ${String(group.length - shown.length)} more alike`] : []),
    ...wrap(
      `${group.length > 1 ? "together " : ""}net bytes by round ${byRound(net)}; objects that stayed${group.length > 1 ? " of each" : ""} ` +
        `${byRound(row.survivorsPerRound)}${phases}: ${row.reason}`,
      indent,
    ),
  ];
}

/** `load 3, use 12`: of which phases objects are. */
function phasesOf(byPhase: Readonly<Record<string, number>>): string {
  return Object.entries(byPhase)
    .map(([name, objects]) => `${printable(name)} ${String(objects)}`)
    .join(", ");
}

function byRound(figures: readonly number[]): string {
  const shown = figures.slice(0, ROUNDS_SHOWN).join(" ");
  return figures.length > ROUNDS_SHOWN ? `${shown} …` : shown;
}

function ending(workload: Workload): string[] {
  const { snapshot, repeat, interrupted } = workload;
  const loss = lossNotice(snapshot);
  const unseen = [reconciliationNotice(snapshot), functionCountsNotice(snapshot)].filter((line) => line !== undefined);
  return [
    ...(interrupted ? ["interrupted: this is what there was until then"] : []),
    ...(loss === undefined ? [] : wrap(loss)),
    ...unseen.flatMap((line) => wrap(line)),
    ...(repeat === null ? [] : wrap(`verdict: ${repeat.verdict}: ${repeat.reason}`)),
  ];
}

function more(hidden: number): string[] {
  return hidden > 0 ? [`  … and ${count(hidden, "call site")} more`] : [];
}

/** The text in lines of at most {@link WIDTH}, all of them indented. */
function wrap(text: string, indent = ""): string[] {
  const lines = wrapWords(text, WIDTH - indent.length, (word, width) => [fit(word, width)]);
  return lines.map((line) => indent + line);
}

/** Cut to the width; of a caller the offset and the module stay. */
function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  const offset = text.lastIndexOf("+0x");
  const tail = offset > 0 && text.length - offset < width / 2 ? text.slice(offset) : "";
  return `${text.slice(0, width - tail.length - 1)}…${tail}`;
}

/** What a target printed, without what would move the operator's cursor. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what it takes out
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
}

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? "" : "s"}`;
}
