/**
 * A tree of what every snapshot has, without any kernel at hand: who allocated, by module and function.
 */
import { type DynamicFigures, type SourceNode, sumOfFigures, UNATTRIBUTED } from "../model/source-tree.ts";
import type { CallerRow } from "../model/snapshot.ts";

/** What is in the kernel's image, in a tree by module. */
export const BUILT_IN = "built-in";

/**
 * Modules as directories (`[fat]`, `built-in`; bare addresses under `(unattributed)`), functions as their symbols; the call
 * sites of a function are added up.
 *
 * @param name the root's: the kernel's
 */
export function moduleTreeOf(callers: Iterable<CallerRow>, name: string): SourceNode {
  const modules = new Map<string, Map<string, DynamicFigures[]>>();
  for (const row of callers) {
    const [module, symbol] = modulePlaceOf(row);
    const symbols = modules.get(module) ?? new Map<string, DynamicFigures[]>();
    modules.set(module, symbols);
    symbols.set(symbol, [...(symbols.get(symbol) ?? []), row]);
  }
  const children = [...modules].map(([module, symbols]) => {
    const below = [...symbols].map(([symbol, rows]) => node(symbol, "symbol", rows, []));
    return node(module, "directory", figuresOf(below), below);
  });
  return node(name, "directory", figuresOf(children), children);
}

/** Names from the root down: module and function. */
export function modulePlaceOf({ caller }: CallerRow): readonly [module: string, symbol: string] {
  const match = /^(.+?)\+0x[0-9a-f]+(?: (\[[^\]]+\]))?$/.exec(caller);
  if (match === null) return [UNATTRIBUTED, caller];
  return [match.at(2) ?? BUILT_IN, match[1]];
}

function node(
  name: string,
  kind: SourceNode["kind"],
  figures: readonly DynamicFigures[],
  children: readonly SourceNode[],
): SourceNode {
  return {
    name,
    kind,
    dynamic: sumOfFigures(figures),
    children: [...children].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function figuresOf(nodes: readonly SourceNode[]): DynamicFigures[] {
  return nodes.flatMap(({ dynamic }) => dynamic ?? []);
}
