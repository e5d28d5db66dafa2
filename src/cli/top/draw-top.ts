/** The screen of `kmemtap top`: from an account and what was chosen to lines of text. */
import { humanBytes } from "../../format/bytes.ts";
import { formatCount, formatShare, plural } from "../../format/count.ts";
import { wrapWords } from "../../format/wrap-words.ts";
import { printable } from "../../model/printable.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { CpuStats } from "../../model/target-facts.ts";
import { lossNotice } from "../../report/loss-notice.ts";
import { bytesMaybeGone } from "../../report/may-be-gone.ts";
import { sparkline } from "./sparkline.ts";
import type { Line, Size, TopData } from "./top-data.ts";
import { chosen, columnsFor, compact, headText, rowText } from "./top-rows.ts";
import { KEYS, type TopState } from "./top-state.ts";

/** What warns has as many lines as it needs, as long as so many are left for the rows of callers. */
const LEAST_ROOM = 10;
/** Lines that are there in any case, beside those rows. */
const FIXED = 7;

const INDENT = "  ";
const MINUTE_MS = 60_000;

/** What stands around the rows of callers. */
interface Frame {
  readonly title: Line;
  readonly loss: readonly Line[];
  readonly totals: Line;
  readonly course: Line;
  readonly buffers: readonly Line[];
  readonly head: Line;
  readonly said: readonly Line[];
  /** Rows of callers that fit. */
  readonly room: number;
}

/**
 * Never more lines than there are rows, and none longer than there are columns.
 *
 * @param data undefined while nothing has been heard of the target
 * @param news what was said of the capture lately, the last at the end
 */
export function drawTop(data: TopData | undefined, state: TopState, size: Size, news: readonly string[]): Line[] {
  const lines = data === undefined ? waiting(state, size, news) : drawn(data, state, size, news);
  return lines.slice(0, size.rows).map(({ text, style }) => ({ text: fitted(text, size), style }));
}

/** How many rows of callers there can be on the screen. */
export function roomOn(data: TopData | undefined, state: TopState, size: Size, news: readonly string[]): number {
  return data === undefined ? 1 : frameOf(data, state, size, news).room;
}

/** The screen for a pipe: no course, which of two moments says nothing beside the totals, and no keys. */
export function printTop(data: TopData, state: TopState, columns: number, rows: number): string[] {
  const size = { columns, rows: Infinity, ascii: true };
  const { title, loss, totals, buffers, head } = frameOf(data, state, size, []);
  const { body } = bodyOf(data, state, size, rows);
  return [title, ...loss, totals, ...buffers, head, ...body].map(({ text }) => fitted(text, size).trimEnd());
}

function waiting({ isHelp }: TopState, size: Size, news: readonly string[]): Line[] {
  const said = linesOf(news, size, size.rows);
  return [
    plain("kmemtap top: waiting for the target"),
    ...(said.length > 0 ? said : [plain("")]),
    ...(isHelp ? help() : []),
  ];
}

function frameOf(data: TopData, state: TopState, size: Size, news: readonly string[]): Frame {
  const { snapshot, history, ages } = data;
  let spare = Math.max(0, size.rows - FIXED - LEAST_ROOM);
  const said = linesOf(news, size, Math.max(1, Math.ceil(spare / 2)));
  spare = Math.max(0, spare - said.length);
  const loss = wrapped(lossLine(snapshot), size, 1 + spare);
  const buffers = buffersLines(snapshot.cpus ?? [], size, 2 + spare - loss.length);
  const trend = sparkline(history, Math.max(10, size.columns - 30), size.ascii);
  return {
    title: titleLine(snapshot, state),
    loss,
    totals: plain(totalsText(data)),
    course: plain(`${trend} ${humanBytes(Math.min(...history))} to ${humanBytes(Math.max(...history))}`),
    buffers,
    head: { text: headText(state, columnsFor(size, state.isTasks, ages !== undefined), size), style: "head" },
    said,
    room: Math.max(1, size.rows - FIXED + 2 - loss.length - buffers.length - said.length),
  };
}

function bodyOf(data: TopData, state: TopState, size: Size, room: number) {
  const columns = columnsFor(size, state.isTasks, data.ages !== undefined);
  const callers = chosen(data, state);
  const from = Math.max(0, Math.min(state.offset, callers.length - room));
  const body = state.isHelp
    ? help()
    : callers.slice(from, from + room).map((row) => plain(rowText(row, columns, size.columns)));
  if (!state.isHelp && state.isTasks && data.tasks === undefined) body[0] = plain(NO_TASKS);
  return { body, from, count: callers.length };
}

function drawn(data: TopData, state: TopState, size: Size, news: readonly string[]): Line[] {
  const { title, loss, totals, course, buffers, head, said, room } = frameOf(data, state, size, news);
  const { body, from, count } = bodyOf(data, state, size, room);
  while (body.length < room) body.push(plain(""));
  return [
    ...[title, ...loss, totals, course, ...buffers, head],
    ...body.slice(0, room),
    ...said,
    state.typing === undefined
      ? { text: footText(state, from, count, room), style: "dim" }
      : plain(`show ${state.isTasks ? "tasks" : "callers"} with: ${state.typing}_`),
  ];
}

/** The last of them in `most` lines, and those before it where they have room. */
function linesOf(news: readonly string[], size: Size, most: number): Line[] {
  const lines: Line[] = [];
  for (const text of news.toReversed()) {
    const one = wrapped({ text, style: "dim" }, size, most);
    if (lines.length + one.length > most) break;
    lines.unshift(...one);
  }
  return lines;
}

function titleLine({ source, mode, release, branch }: Snapshot, { isPaused }: TopState): Line {
  const parts = [`kmemtap top  ${source.label}`, mode, release === undefined ? undefined : `Linux ${release}`];
  if (branch !== undefined) parts.push(`in ${branch}`);
  if (source.run > 1) parts.push(`boot ${String(source.run)}`);
  if (isPaused) parts.push("HELD");
  return plain(parts.filter((part) => part !== undefined).join("  "));
}

function lossLine(snapshot: Snapshot): Line {
  const notice = lossNotice(snapshot);
  const text = [notice ?? "exact: nothing lost", ...besides(snapshot)].join("  ");
  return { text, style: notice === undefined ? "dim" : "alarm" };
}

/** What is in net without an event, or was: beside what was lost, the reasons why alloc/free and net may not go together. */
function besides({ totals, loss, reconciliation }: Snapshot): string[] {
  const hidden = reconciliation?.hiddenFrees ?? 0;
  return [
    ...(totals.impliedFrees > 0 ? [plural(totals.impliedFrees, "implied free")] : []),
    ...(loss.unmatchedFrees > 0 ? [plural(loss.unmatchedFrees, "unmatched free")] : []),
    ...(hidden > 0 ? [`${plural(hidden, "object")} freed without an event`] : []),
  ];
}

function totalsText({ snapshot, eventsPerSecond, history, stepMs }: TopData): string {
  const { totals } = snapshot;
  const maybeGone = bytesMaybeGone(snapshot);
  const gone = maybeGone === 0 ? "" : `, up to ${humanBytes(maybeGone)} gone`;
  const waste = formatShare(totals.wasteBytes / totals.netBytes, 0);
  return [
    `${humanBytes(totals.netBytes)} held${gone}${trendOf(history, stepMs)}`,
    `waste ${humanBytes(totals.wasteBytes)} (${waste})`,
    `${eventsPerSecond === undefined ? "-" : compact(eventsPerSecond)} ev/s`,
    `${compact(totals.liveObjects)} obj`,
  ].join("  ");
}

/** Over the last minute, or as much of it as was seen; "" after one look. */
function trendOf(history: readonly number[], stepMs: number): string {
  const minute = history.slice(-Math.max(2, Math.ceil(MINUTE_MS / stepMs)));
  if (minute.length < 2) return "";
  const trend = ((minute.at(-1) ?? 0) - minute[0]) * (MINUTE_MS / ((minute.length - 1) * stepMs));
  return ` (${trend < 0 ? "" : "+"}${humanBytes(trend)}/min)`;
}

/** The fullest first, for all of them seldom fit; those that warn have as many lines as they need, `most` of them. */
function buffersLines(cpus: readonly CpuStats[], size: Size, most: number): Line[] {
  if (cpus.length === 0) return [plain("")];
  const lost = ({ overrun, commitOverrun, droppedEvents }: CpuStats) => overrun + commitOverrun + droppedEvents;
  const warns = (cpu: CpuStats) => lost(cpu) > 0 || cpu.secondsToOverrun !== null;
  const urgent = [...cpus].sort((a, b) => lost(b) - lost(a) || Number(warns(b)) - Number(warns(a)) || b.fill - a.fill);
  const words = urgent.map((cpu) => {
    const head = `CPU${String(cpu.cpu)} ${formatShare(cpu.fill, 0)}`;
    const soon = cpu.secondsToOverrun === null ? "" : `, overruns in ${cpu.secondsToOverrun.toFixed(0)} s`;
    return head + soon + (lost(cpu) > 0 ? `, ${formatCount(lost(cpu))} lost` : "");
  });
  const style = cpus.some((cpu) => lost(cpu) > 0) ? "alarm" : "plain";
  const lineOf = (some: readonly string[]): Line => ({ text: `buffers  ${some.join(" · ")}`, style });
  const needed = wrapped(lineOf(words.slice(0, cpus.filter(warns).length)), size, most).length;
  return wrapped(lineOf(words), size, needed);
}

const NO_TASKS = "tasks are not kept: start it with --tasks; k shows callers again";

function footText({ filter, isTasks }: TopState, from: number, callers: number, room: number): string {
  const rows = `${String(Math.min(from + 1, callers))}-${String(Math.min(from + room, callers))} of ${plural(callers, isTasks ? "task" : "caller")}`;
  const filtered = filter === "" ? "" : ` with "${filter}"`;
  return `${rows}${filtered}  ? help  q end`;
}

function help(): Line[] {
  return KEYS.map(([keys, meaning]) => plain(`  ${keys.padEnd(16)} ${meaning}`));
}

const plain = (text: string): Line => ({ text, style: "plain" });

/** The line in as many as it needs, `most` of them, of which the last is then too long; all but the first are indented. */
function wrapped({ text, style }: Line, size: Size, most: number): Line[] {
  const lines = wrapWords(shown(text, size), Math.max(1, size.columns - INDENT.length));
  if (lines.length > most) lines.push(lines.splice(most - 1).join(" "));
  return lines.map((line, row) => ({ text: row === 0 ? line : INDENT + line, style }));
}

/** Nothing that a target has named gets to the terminal as an escape; what a console cannot show is made ASCII. */
function shown(text: string, { ascii }: Size): string {
  const safe = printable(text.replaceAll(/[\n\t]/g, " "));
  if (!ascii) return safe;
  return safe
    .replaceAll("−", "-")
    .replaceAll("·", "|")
    .replaceAll(/[^\x20-\x7e]/g, "?");
}

const fitted = (text: string, size: Size) => Array.from(shown(text, size)).slice(0, size.columns).join("");
