/** The table of `kmemtap top`: which rows there are, in what order, and what stands in their columns. */
import { humanBytes } from "../../format/bytes.ts";
import { formatSmallSpan } from "../../format/span.ts";
import { nameOfTask } from "../../format/task-name.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import type { TaskRow } from "../../model/tasks.ts";
import { impliedMark, placeOf } from "../../report/account-file.ts";
import { goneMark } from "../../report/may-be-gone.ts";
import type { Size, TopData } from "./top-data.ts";
import { ORDERS, type TopState } from "./top-state.ts";

export interface Chosen {
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

export interface Column {
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
export function columnsFor({ columns }: Size, isTasks: boolean, hasAges: boolean): readonly Column[] {
  const isAged = hasAges && !isTasks;
  if (columns < WIDE_FROM) return [...COLUMNS, isAged ? AGE : FREES];
  return [...COLUMNS, FREES, TOTAL, ...(isTasks ? [] : [PEAK]), ...(isAged ? [AGE] : [])];
}

export function headText({ order, isReversed, isTasks }: TopState, shown: readonly Column[], size: Size): string {
  const mark = isReversed ? "^" : "*";
  const titles = shown.map((column) => {
    const title = ORDERS[column.order].title.toUpperCase();
    return (column.order === order ? mark + title : title).padStart(column.width);
  });
  const besides = shown.some((column) => column.order === order) ? "" : ` (by ${ORDERS[order].title})`;
  return `${titles.join(" ")}  ${isTasks ? "TASK" : "CALLER"}${besides}`.padEnd(size.columns);
}

/**
 * A note of which the half is not on the screen tells another number: each stands whole or not at all.
 *
 * @param width of the screen, characters
 */
export function rowText(chosen: Chosen, columns: readonly Column[], width: number): string {
  const { row } = chosen;
  const figures = columns.map(({ text, width, mark }) => text(chosen).padStart(width) + (mark?.(chosen) ?? " "));
  const notes = [row.wrapper === true ? " (wrapper)" : "", impliedMark(row), goneMark(row)];
  let text = `${figures.join("")} ${row.caller}`;
  for (const note of notes) if (text.length + note.length <= width) text += note;
  return row.source === undefined ? text : `${text}  ${placeOf(row)}`;
}

/** `1234`, `123k`, `12.3M`: in six characters. */
export function compact(count: number): string {
  if (count < 100_000) return count.toFixed(0);
  const [value, unit] =
    count < 99_950_000 ? (count < 1e6 ? [count / 1e3, "k"] : [count / 1e6, "M"]) : [count / 1e9, "G"];
  return `${value.toFixed(value < 99.95 ? 1 : 0)}${unit}`;
}
