/** Which callers are shown. Pure. */
import { type CallerKind, type LiveSizes, meets } from "../../model/caller-filter.ts";
import { placeOf } from "../../model/place-of.ts";
import type { CallerRow } from "../../model/snapshot.ts";

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

/** The sizes of live objects, those with the most bytes first. */
export function sizesOf(sizes: LiveSizes): { bytesAlloc: number; bytes: number }[] {
  const sums = new Map<number, number>();
  for (const objects of sizes.values())
    for (const { bytesAlloc, liveObjects } of objects)
      sums.set(bytesAlloc, (sums.get(bytesAlloc) ?? 0) + bytesAlloc * liveObjects);
  return [...sums].map(([bytesAlloc, bytes]) => ({ bytesAlloc, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The rows that the filter lets through, in the order they come; a kind is looked for before (`holdsKind`). */
export function filterCallers(callers: Iterable<CallerRow>, filter: CallerFilter): CallerRow[] {
  const rows = Array.from(callers);
  return isFiltering(filter) ? rows.filter(meets(filter)) : rows;
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
