/** The screen of `kmemtap top`: from an account and what was chosen to lines of text. */
import { humanBytes } from "../../format/bytes.ts";
import { formatCount, formatShare, plural } from "../../format/count.ts";
import { formatSmallSpan } from "../../format/span.ts";
import { printable } from "../../model/printable.ts";
import type { CallerRow, Snapshot } from "../../model/snapshot.ts";
import { nameOfTask } from "../../format/task-name.ts";
import type { TaskRow, Tasks } from "../../model/tasks.ts";
import type { CpuStats } from "../../model/target-facts.ts";
import { lossNotice } from "../../report/loss-notice.ts";
import { impliedMark, placeOf } from "../../report/account-file.ts";
import { bytesMaybeGone, goneMark } from "../../report/may-be-gone.ts";
import { sparkline } from "./sparkline.ts";
import { KEYS, ORDERS, type TopState } from "./top-state.ts";

export interface TopData {
  readonly snapshot: Snapshot;
  /** Undefined, as the baseline, where only one look was taken. */
  readonly eventsPerSecond: number | undefined;
  /** Net bytes, one a step, the last one now. */
  readonly history: readonly number[];
  readonly stepMs: number;
  /** Net bytes of each call site when growth began to count. */
  readonly baseline: ReadonlyMap<string, number> | undefined;
  /** Which task allocated what; absent where it is not kept. */
  readonly tasks?: Tasks | undefined;
  /** Seconds that half of a caller's live objects are younger than, by call site; absent where it is not kept. */
  readonly ages?: ReadonlyMap<string, number> | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
  /** The terminal shows nothing but ASCII. */
  readonly ascii: boolean;
}

export interface Line {
  readonly text: string;
  readonly style: "plain" | "alarm" | "head" | "dim";
}

/** Above the rows of callers, and below. */
const ABOVE = 6;
const BELOW = 1;

const MINUTE_MS = 60_000;

export const rowsOn = ({ rows }: Size): number => Math.max(1, rows - ABOVE - BELOW);

/**
 * Never more lines than there are rows, and none longer than there are columns.
 *
 * @param data undefined while nothing has been heard of the target
 * @param news the last that was said of the capture, "" where nothing was
 */
export function drawTop(data: TopData | undefined, state: TopState, size: Size, news: string): Line[] {
  const lines = data === undefined ? waiting(state, news) : drawn(data, state, size, news);
  return lines.slice(0, size.rows).map(({ text, style }) => ({ text: fitted(text, size), style }));
}

function waiting({ isHelp }: TopState, news: string): Line[] {
  return [plain("kmemtap top: waiting for the target"), plain(news), ...(isHelp ? help() : [])];
}

function drawn(data: TopData, state: TopState, size: Size, news: string): Line[] {
  const { snapshot, history } = data;
  const room = rowsOn(size);
  const callers = chosen(data, state);
  const columns = columnsFor(size, state.isTasks, data.ages !== undefined);
  const from = Math.max(0, Math.min(state.offset, callers.length - room));
  const body = state.isHelp ? help() : callers.slice(from, from + room).map((row) => plain(rowText(row, columns)));
  if (!state.isHelp && state.isTasks && data.tasks === undefined) body[0] = plain(NO_TASKS);
  while (body.length < room) body.push(plain(""));
  const trend = sparkline(history, Math.max(10, size.columns - 30), size.ascii);
  return [
    titleLine(snapshot, state),
    lossLine(snapshot),
    plain(totalsText(data)),
    plain(`${trend} ${humanBytes(Math.min(...history))} to ${humanBytes(Math.max(...history))}`),
    buffersLine(snapshot.cpus ?? []),
    { text: headText(state, columns, size), style: "head" },
    ...body.slice(0, room),
    state.typing === undefined
      ? { text: footText(state, news, from, callers.length, room), style: "dim" }
      : plain(`show ${state.isTasks ? "tasks" : "callers"} with: ${state.typing}_`),
  ];
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

/** The fullest first, for all of them seldom fit. */
function buffersLine(cpus: readonly CpuStats[]): Line {
  if (cpus.length === 0) return plain("");
  const lost = ({ overrun, commitOverrun, droppedEvents }: CpuStats) => overrun + commitOverrun + droppedEvents;
  const urgent = [...cpus].sort((a, b) => lost(b) - lost(a) || b.fill - a.fill);
  const words = urgent.map((cpu) => {
    const head = `CPU${String(cpu.cpu)} ${formatShare(cpu.fill, 0)}`;
    const soon = cpu.secondsToOverrun === null ? "" : `, overruns in ${cpu.secondsToOverrun.toFixed(0)} s`;
    return head + soon + (lost(cpu) > 0 ? `, ${formatCount(lost(cpu))} lost` : "");
  });
  const isAlarm = cpus.some((cpu) => lost(cpu) > 0);
  return { text: `buffers  ${words.join(" · ")}`, style: isAlarm ? "alarm" : "plain" };
}

const NO_TASKS = "tasks are not kept: start it with --tasks; k shows callers again";

interface Chosen {
  readonly row: CallerRow;
  /** Undefined where there is nothing that it could be counted from. */
  readonly growth: number | undefined;
  /** Undefined of what holds nothing, and of tasks. */
  readonly ageS: number | undefined;
}

/** A task as a row of the same figures. No peak is known of it. */
export function rowOfTask(task: TaskRow): CallerRow {
  return { ...task, callSite: `task ${String(task.id)}`, caller: nameOfTask(task), peakNetBytes: 0 };
}

/** The rows that the filter lets through, in order. */
export function chosen(data: TopData, { filter, order, isReversed, isTasks }: TopState): Chosen[] {
  const { snapshot, baseline, tasks, ages } = data;
  const rows = isTasks ? (tasks?.tasks ?? []).map(rowOfTask) : snapshot.callers;
  const { of } = ORDERS[order];
  const sign = isReversed ? -1 : 1;
  return rows
    .filter((row) => filter === "" || `${row.caller} ${row.source?.file ?? ""}`.toLowerCase().includes(filter))
    .map((row) => ({
      row,
      growth: baseline && row.netBytes - (baseline.get(row.callSite) ?? 0),
      ageS: ages?.get(row.callSite),
    }))
    .sort(
      (a, b) =>
        sign * (of(b.row, b.growth ?? 0, b.ageS) - of(a.row, a.growth ?? 0, a.ageS)) ||
        (a.row.caller < b.row.caller ? -1 : 1),
    );
}

interface Column {
  readonly order: keyof typeof ORDERS;
  readonly width: number;
  readonly text: (chosen: Chosen) => string;
  /** Right behind the figure, one character, for the words behind a name are cut in 80 columns. */
  readonly mark?: (chosen: Chosen) => string;
}

const COLUMNS: readonly Column[] = [
  {
    order: "n",
    width: 9,
    text: ({ row }) => humanBytes(row.netBytes),
    mark: ({ row }) => ((row.doubtfulObjects ?? 0) > 0 ? "?" : " "),
  },
  { order: "g", width: 10, text: ({ growth }) => growthText(growth) },
  { order: "w", width: 9, text: ({ row }) => humanBytes(row.wasteBytes) },
  { order: "a", width: 7, text: ({ row }) => compact(row.allocs) },
];
function growthText(growth: number | undefined): string {
  if (growth === undefined) return "-";
  return `${growth > 0 ? "+" : ""}${growth === 0 ? "" : humanBytes(growth)}`;
}

const FREES: Column = { order: "f", width: 7, text: ({ row }) => compact(row.frees) };
const AGE: Column = {
  order: "e",
  width: 9,
  text: ({ ageS }) => (ageS === undefined ? "-" : formatSmallSpan(ageS).replace("µs", "us")),
};
/** Where there is room for them. */
const WIDE_FROM = 110;
const TOTAL: Column = { order: "t", width: 9, text: ({ row }) => humanBytes(row.totalBytes) };
const PEAK: Column = { order: "p", width: 9, text: ({ row }) => humanBytes(row.peakNetBytes) };

/** Of tasks neither peak nor age is known. In 80 columns the age stands in place of the frees, or names had no room. */
function columnsFor({ columns }: Size, isTasks: boolean, hasAges: boolean): readonly Column[] {
  const isAged = hasAges && !isTasks;
  if (columns < WIDE_FROM) return [...COLUMNS, isAged ? AGE : FREES];
  return [...COLUMNS, FREES, TOTAL, ...(isTasks ? [] : [PEAK]), ...(isAged ? [AGE] : [])];
}

function headText({ order, isReversed, isTasks }: TopState, shown: readonly Column[], size: Size): string {
  const mark = isReversed ? "^" : "*";
  const titles = shown.map((column) => {
    const title = ORDERS[column.order].title.toUpperCase();
    return (column.order === order ? mark + title : title).padStart(column.width);
  });
  const besides = shown.some((column) => column.order === order) ? "" : ` (by ${ORDERS[order].title})`;
  return `${titles.join(" ")}  ${isTasks ? "TASK" : "CALLER"}${besides}`.padEnd(size.columns);
}

function rowText(chosen: Chosen, columns: readonly Column[]): string {
  const { row } = chosen;
  const figures = columns.map(({ text, width, mark }) => text(chosen).padStart(width) + (mark?.(chosen) ?? " "));
  const wrapper = row.wrapper === true ? " (wrapper)" : "";
  const place = row.source === undefined ? "" : `  ${placeOf(row)}`;
  return `${figures.join("")} ${row.caller}${wrapper}${impliedMark(row)}${goneMark(row)}${place}`;
}

function footText({ filter, isTasks }: TopState, news: string, from: number, callers: number, room: number): string {
  const shown = `${String(Math.min(from + 1, callers))}-${String(Math.min(from + room, callers))} of ${plural(callers, isTasks ? "task" : "caller")}`;
  const filtered = filter === "" ? "" : ` with "${filter}"`;
  return `${shown}${filtered}  ${news === "" ? "? help  q end" : news}`;
}

function help(): Line[] {
  return KEYS.map(([keys, meaning]) => plain(`  ${keys.padEnd(16)} ${meaning}`));
}

/** `1234`, `123k`, `12.3M`: in six characters. */
export function compact(count: number): string {
  if (count < 100_000) return count.toFixed(0);
  const [value, unit] =
    count < 99_950_000 ? (count < 1e6 ? [count / 1e3, "k"] : [count / 1e6, "M"]) : [count / 1e9, "G"];
  return `${value.toFixed(value < 99.95 ? 1 : 0)}${unit}`;
}

const plain = (text: string): Line => ({ text, style: "plain" });

/** Nothing that a target has named gets to the terminal as an escape; what a console cannot show is made ASCII. */
function fitted(text: string, { columns, ascii }: Size): string {
  const safe = printable(text.replaceAll(/[\n\t]/g, " "));
  const shown = ascii
    ? safe
        .replaceAll("−", "-")
        .replaceAll("·", "|")
        .replaceAll(/[^\x20-\x7e]/g, "?")
    : safe;
  return Array.from(shown).slice(0, columns).join("");
}
