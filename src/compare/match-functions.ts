/** The functions of two accounts, matched. */
import { functionOf, olderNameOf } from "../model/function-name.ts";
import type { CallerRow, Snapshot } from "../model/snapshot.ts";
import { type Place, sourceFileOf } from "./source-of.ts";

type Callers = Pick<Snapshot, "callers">;

export interface MatchedFunction extends Place {
  readonly a: readonly CallerRow[];
  readonly b: readonly CallerRow[];
}

/**
 * By name and module. Static functions of one name in several files are told apart where both accounts know the files; a
 * function that moved to another file is the same otherwise.
 */
export function matchFunctions(a: Callers, b: Callers): MatchedFunction[] {
  const renamed = renamedIn(a, b);
  const ambiguous = new Set([...severalFiles(a), ...severalFiles(b)]);
  const found = new Map<string, { place: Place; a: CallerRow[]; b: CallerRow[] }>();
  for (const [side, { callers }] of [["a", a] as const, ["b", b] as const]) {
    for (const row of callers) {
      const { name: own, module, offset } = functionOf(row.callSite);
      const name = renamed.get(own) ?? own;
      const file = sourceFileOf(row);
      const plain = keyOf(name, module);
      const key = ambiguous.has(plain) ? `${plain} ${file ?? ""}` : plain;
      const match = found.get(key) ?? { place: { name, module, isAddress: offset === null, file }, a: [], b: [] };
      // Of B where it knows: that is the tree that somebody works on.
      if (file !== undefined) match.place = { ...match.place, file };
      match[side].push(row);
      found.set(key, match);
    }
  }
  return [...found.values()].map(({ place, a: left, b: right }) => ({ ...place, a: left, b: right }));
}

/** Names that only one side has, and that the other has as it was before 6.10: by the name since. */
function renamedIn(a: Callers, b: Callers): ReadonlyMap<string, string> {
  const names = [a, b].map(({ callers }) => new Set(callers.map(({ callSite }) => functionOf(callSite).name)));
  const renamed = new Map<string, string>();
  for (const [i, { callers }] of [a, b].entries()) {
    const [own, other] = [names[i], names[1 - i]];
    for (const { callSite } of callers) {
      const older = olderNameOf(callSite);
      if (older === undefined) continue;
      const { name } = functionOf(callSite);
      if (!other.has(name) && other.has(older) && !own.has(older)) renamed.set(name, older);
    }
  }
  return renamed;
}

function severalFiles({ callers }: Callers): string[] {
  const files = new Map<string, Set<string>>();
  for (const row of callers) {
    const file = sourceFileOf(row);
    if (file === undefined) continue;
    const { name, module } = functionOf(row.callSite);
    const key = keyOf(name, module);
    files.set(key, (files.get(key) ?? new Set()).add(file));
  }
  return [...files].flatMap(([key, { size }]) => (size > 1 ? [key] : []));
}

function keyOf(name: string, module: string | null): string {
  return module === null ? name : `${name} [${module}]`;
}
