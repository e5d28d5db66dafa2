/** Which callers are shown. Pure. */
import type { ObjectsOfSize } from "../../model/inside.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import { placeOf } from "./place-of.ts";

/** How live objects were allocated: by size, from a cache, or as so many bytes (`64`). */
export type CallerKind = "kmalloc" | "cache" | `${number}`;

export function isKind(text: string): text is CallerKind {
  return text === "kmalloc" || text === "cache" || /^\d{1,12}$/.test(text);
}

export interface CallerFilter {
  /** Words, in any case, that all stand in the call site or its file. */
  readonly text: string;
  /** `fs/ext4`, what is below it too; empty for all. */
  readonly directory: string;
  readonly module: string;
  readonly kind: CallerKind | "";
}

export const NO_FILTER: CallerFilter = { text: "", directory: "", module: "", kind: "" };

export function isFiltering({ text, directory, module, kind }: CallerFilter): boolean {
  return text.trim() !== "" || directory !== "" || module !== "" || kind !== "";
}

/**
 * Callers with a live object of the kind. Only what is alive is known by its size: of a caller that holds nothing nobody can tell.
 *
 * @param sizes of the callers' live objects, by call site
 */
export function withKind<Row extends CallerRow>(
  callers: ReadonlyMap<string, Row>,
  kind: CallerKind,
  sizes: ReadonlyMap<string, readonly ObjectsOfSize[]>,
): ReadonlyMap<string, Row> {
  const isOf = (objects: ObjectsOfSize) => objects.kind === kind || String(objects.bytesAlloc) === kind;
  return new Map([...callers].filter(([callSite]) => sizes.get(callSite)?.some(isOf) === true));
}

/** The sizes of live objects, those with the most bytes first. */
export function sizesOf(sizes: ReadonlyMap<string, readonly ObjectsOfSize[]>): { bytesAlloc: number; bytes: number }[] {
  const sums = new Map<number, number>();
  for (const objects of sizes.values())
    for (const { bytesAlloc, liveObjects } of objects)
      sums.set(bytesAlloc, (sums.get(bytesAlloc) ?? 0) + bytesAlloc * liveObjects);
  return [...sums].map(([bytesAlloc, bytes]) => ({ bytesAlloc, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The rows that the filter lets through, in the order they come. */
export function filterCallers(callers: Iterable<CallerRow>, filter: CallerFilter): CallerRow[] {
  const rows = Array.from(callers);
  if (!isFiltering(filter)) return rows;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => matches(row, filter, words));
}

function matches(row: CallerRow, { directory, module }: CallerFilter, words: readonly string[]): boolean {
  if (directory !== "" || module !== "") {
    const place = placeOf(row);
    if (module !== "" && place.module !== module) return false;
    if (directory !== "" && place.directory !== directory && !place.directory.startsWith(`${directory}/`)) return false;
  }
  if (words.length === 0) return true;
  const text = `${row.callSite} ${row.source?.file ?? ""}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

export interface Choice {
  readonly name: string;
  readonly callers: number;
  readonly netBytes: number;
}

/** Directories of up to two names, such as `fs` and `fs/ext4`, by name; none where no source is known. */
export function directoriesOf(callers: Iterable<CallerRow>): Choice[] {
  return choicesOf(callers, (row) => {
    const [top, ...below] = placeOf(row).directory.split("/");
    return top === "" ? [] : below.length === 0 ? [top] : [top, `${top}/${below[0]}`];
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The kernel's image and its modules, those that hold the most first. */
export function modulesOf(callers: Iterable<CallerRow>): Choice[] {
  return choicesOf(callers, (row) => [placeOf(row).module]).sort((a, b) => b.netBytes - a.netBytes);
}

function choicesOf(callers: Iterable<CallerRow>, namesOf: (row: CallerRow) => readonly string[]): Choice[] {
  const choices = new Map<string, { name: string; callers: number; netBytes: number }>();
  for (const row of callers)
    for (const name of namesOf(row)) {
      const choice = choices.get(name) ?? { name, callers: 0, netBytes: 0 };
      choice.callers += 1;
      choice.netBytes += row.netBytes;
      choices.set(name, choice);
    }
  return [...choices.values()];
}
