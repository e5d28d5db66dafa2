/** Which callers are shown, by their names and by what is alive of them: one rule for the page, the API and the wire. Pure, without schemas. */
import type { ObjectsOfSize } from "./inside.ts";
import { placeOf } from "./place-of.ts";
import type { CallerRow } from "./snapshot.ts";

/** How live objects were allocated: by size, from a cache, or as so many bytes (`64`). */
export type CallerKind = "kmalloc" | "cache" | `${number}`;

export const KIND = /^(?:kmalloc|cache|\d{1,12})$/;

export function isKind(text: string): text is CallerKind {
  return KIND.test(text);
}

/** Where a caller is; what is absent or empty is not asked for. */
export interface PlaceFilter {
  /** Words, in any case, that all stand in the call site or its file. */
  readonly text?: string | undefined;
  /** `fs/ext4`, what is below it too, or a file. */
  readonly directory?: string | undefined;
  /** A module's name, in brackets or not; see {@link placeOf} for what is in none. */
  readonly module?: string | undefined;
}

export function meets({ text = "", directory = "", module = "" }: PlaceFilter): (row: CallerRow) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const path = directory.replace(/^(?:\.?\/)+/, "").replace(/\/+$/, "");
  const name = module.replace(/^\[|\]$/g, "");
  return (row) => {
    if (name !== "" && placeOf(row).module !== name) return false;
    const file = row.source?.file ?? "";
    if (path !== "" && file !== path && !file.startsWith(`${path}/`)) return false;
    if (words.length === 0) return true;
    const said = `${row.callSite} ${file}`.toLowerCase();
    return words.every((word) => said.includes(word));
  };
}

/** The sizes of callers' live objects, by call site. */
export type LiveSizes = ReadonlyMap<string, readonly ObjectsOfSize[]>;

/** Callers with a live object of the {@link CallerKind kind}. Only what is alive is known by its size: of a caller that holds nothing nobody can tell. */
export function holdsKind(kind: string, sizes: LiveSizes): (row: Pick<CallerRow, "callSite">) => boolean {
  const isOf = (objects: ObjectsOfSize) => objects.kind === kind || String(objects.bytesAlloc) === kind;
  return ({ callSite }) => sizes.get(callSite)?.some(isOf) === true;
}
