/** The screen of `kmemtap top`: from an account and what was chosen to lines of text. */
import { humanBytes } from "../../format/bytes.ts";
import { formatCount, formatShare, plural } from "../../format/count.ts";
import { printable } from "../../model/printable.ts";
import type { CallerRow, Snapshot } from "../../model/snapshot.ts";
import type { CpuStats } from "../../model/target-facts.ts";
import { lossNotice } from "../../report/loss-notice.ts";
import { placeOf } from "../../report/account-file.ts";
import { sparkline } from "./sparkline.ts";
import { KEYS, ORDERS, type TopState } from "./top-state.ts";

export interface TopData {
  readonly snapshot: Snapshot;
  readonly eventsPerSecond: number;
  /** Net bytes, one a second, the last one now. */
  readonly history: readonly number[];
  /** Net bytes of each call site when growth began to count. */
  readonly baseline: ReadonlyMap<string, number>;
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
  const from = Math.max(0, Math.min(state.offset, callers.length - room));
  const body = state.isHelp
    ? help()
    : callers.slice(from, from + room).map(({ row, growth }) => plain(rowText(row, growth, size)));
  while (body.length < room) body.push(plain(""));
  const trend = sparkline(history, Math.max(10, size.columns - 30), size.ascii);
  return [
    titleLine(snapshot, state),
    lossLine(snapshot),
    plain(totalsText(data)),
    plain(`${trend} ${humanBytes(Math.min(...history))} to ${humanBytes(Math.max(...history))}`),
    buffersLine(snapshot.cpus ?? []),
    { text: headText(state, size), style: "head" },
    ...body.slice(0, room),
    state.typing === undefined
      ? { text: footText(state, news, from, callers.length, room), style: "dim" }
      : plain(`show callers with: ${state.typing}_`),
  ];
}

function titleLine({ source, mode, release }: Snapshot, { isPaused }: TopState): Line {
  const parts = [`kmemtap top  ${source.label}`, mode, release === undefined ? undefined : `Linux ${release}`];
  if (source.run > 1) parts.push(`boot ${String(source.run)}`);
  if (isPaused) parts.push("HELD");
  return plain(parts.filter((part) => part !== undefined).join("  "));
}

function lossLine(snapshot: Snapshot): Line {
  const notice = lossNotice(snapshot);
  return notice === undefined ? { text: "exact: nothing lost", style: "dim" } : { text: notice, style: "alarm" };
}

function totalsText({ snapshot: { totals }, eventsPerSecond, history }: TopData): string {
  const minute = history.slice(-60);
  const trend = ((minute.at(-1) ?? 0) - minute[0]) * (60 / Math.max(1, minute.length - 1));
  const waste = formatShare(totals.wasteBytes / totals.netBytes, 0);
  return [
    `${humanBytes(totals.netBytes)} held (${trend < 0 ? "" : "+"}${humanBytes(trend)}/min)`,
    `waste ${humanBytes(totals.wasteBytes)} (${waste})`,
    `${compact(eventsPerSecond)} ev/s`,
    `${compact(totals.liveObjects)} obj`,
  ].join("  ");
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

interface Chosen {
  readonly row: CallerRow;
  readonly growth: number;
}

/** The rows that the filter lets through, in order. */
export function chosen({ snapshot, baseline }: TopData, { filter, order, isReversed }: TopState): Chosen[] {
  const { of } = ORDERS[order];
  const sign = isReversed ? -1 : 1;
  return snapshot.callers
    .filter((row) => filter === "" || `${row.caller} ${row.source?.file ?? ""}`.toLowerCase().includes(filter))
    .map((row) => ({ row, growth: row.netBytes - (baseline.get(row.callSite) ?? 0) }))
    .sort((a, b) => sign * (of(b.row, b.growth) - of(a.row, a.growth)) || (a.row.caller < b.row.caller ? -1 : 1));
}

interface Column {
  readonly order: keyof typeof ORDERS;
  readonly width: number;
  readonly text: (row: CallerRow, growth: number) => string;
}

const COLUMNS: readonly Column[] = [
  { order: "n", width: 9, text: (row) => humanBytes(row.netBytes) },
  {
    order: "g",
    width: 10,
    text: (_row, growth) => `${growth > 0 ? "+" : ""}${growth === 0 ? "" : humanBytes(growth)}`,
  },
  { order: "w", width: 9, text: (row) => humanBytes(row.wasteBytes) },
  { order: "a", width: 7, text: (row) => compact(row.allocs) },
  { order: "f", width: 7, text: (row) => compact(row.frees) },
];
/** Where there is room for them. */
const WIDE_FROM = 110;
const WIDE: readonly Column[] = [
  { order: "t", width: 9, text: (row) => humanBytes(row.totalBytes) },
  { order: "p", width: 9, text: (row) => humanBytes(row.peakNetBytes) },
];

const columnsFor = ({ columns }: Size): readonly Column[] => (columns >= WIDE_FROM ? [...COLUMNS, ...WIDE] : COLUMNS);

function headText({ order, isReversed }: TopState, size: Size): string {
  const shown = columnsFor(size);
  const mark = isReversed ? "^" : "*";
  const titles = shown.map((column) => {
    const title = ORDERS[column.order].title.toUpperCase();
    return (column.order === order ? mark + title : title).padStart(column.width);
  });
  const besides = shown.some((column) => column.order === order) ? "" : ` (by ${ORDERS[order].title})`;
  return `${titles.join(" ")}  CALLER${besides}`.padEnd(size.columns);
}

function rowText(row: CallerRow, growth: number, size: Size): string {
  const figures = columnsFor(size).map(({ text, width }) => text(row, growth).padStart(width));
  const wrapper = row.wrapper === true ? " (wrapper)" : "";
  const place = row.source === undefined ? "" : `  ${placeOf(row)}`;
  return `${figures.join(" ")}  ${row.caller}${wrapper}${place}`;
}

function footText({ filter }: TopState, news: string, from: number, callers: number, room: number): string {
  const shown = `${String(Math.min(from + 1, callers))}-${String(Math.min(from + room, callers))} of ${plural(callers, "caller")}`;
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
