/** The functions of two accounts, matched. */
import { type FunctionName, functionOf, olderNameOf } from "../model/function-name.ts";
import type { CallerRow, Snapshot } from "../model/snapshot.ts";
import { type Place, sourceFileOf } from "./source-of.ts";

type Callers = Pick<Snapshot, "callers">;

export interface MatchedFunction extends Place {
  readonly a: readonly CallerRow[];
  readonly b: readonly CallerRow[];
}

/** A row and its function, taken apart once: an account has thousands, and a page compares them every second. */
interface Named extends FunctionName {
  readonly row: CallerRow;
  readonly file: string | undefined;
}

/**
 * By name and module. Static functions of one name in several files are told apart where both accounts know the files; a
 * function that moved to another file is the same otherwise.
 */
export function matchFunctions(a: Callers, b: Callers): MatchedFunction[] {
  const [left, right] = [namedOf(a), namedOf(b)];
  const renamed = renamedIn(left, right);
  const ambiguous = new Set([...severalFiles(left), ...severalFiles(right)]);
  const found = new Map<string, { place: Place; a: CallerRow[]; b: CallerRow[] }>();
  for (const [side, rows] of [["a", left] as const, ["b", right] as const]) {
    for (const { row, name: own, module, offset, file } of rows) {
      const name = renamed.get(own) ?? own;
      const plain = keyOf(name, module);
      const key = ambiguous.has(plain) ? `${plain} ${file ?? ""}` : plain;
      let match = found.get(key);
      if (match === undefined) {
        match = { place: { name, module, isAddress: offset === null, file }, a: [], b: [] };
        found.set(key, match);
      }
      // Of B where it knows: that is the tree that somebody works on.
      if (file !== undefined && file !== match.place.file) match.place = { ...match.place, file };
      match[side].push(row);
    }
  }
  return [...found.values()].map(({ place, a: before, b: after }) => ({ ...place, a: before, b: after }));
}

function namedOf({ callers }: Callers): Named[] {
  return callers.map((row) => ({ row, ...functionOf(row.callSite), file: sourceFileOf(row) }));
}

/** Names that only one side has, and that the other has as it was before 6.10: by the name since. */
function renamedIn(...sides: readonly [readonly Named[], readonly Named[]]): ReadonlyMap<string, string> {
  const names = sides.map((rows) => new Set(rows.map(({ name }) => name)));
  const renamed = new Map<string, string>();
  for (const [i, rows] of sides.entries()) {
    const [own, other] = [names[i], names[1 - i]];
    for (const { row, name } of rows) {
      const older = olderNameOf(row.callSite);
      if (older !== undefined && !other.has(name) && other.has(older) && !own.has(older)) renamed.set(name, older);
    }
  }
  return renamed;
}

function severalFiles(rows: readonly Named[]): string[] {
  const first = new Map<string, string>();
  const several = new Set<string>();
  for (const { name, module, file } of rows) {
    if (file === undefined) continue;
    const key = keyOf(name, module);
    const known = first.get(key);
    if (known === undefined) first.set(key, file);
    else if (known !== file) several.add(key);
  }
  return [...several];
}

function keyOf(name: string, module: string | null): string {
  return module === null ? name : `${name} [${module}]`;
}
