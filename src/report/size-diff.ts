/** What differs between two footprints, symbol by symbol, as the kernel's scripts/bloat-o-meter tells it */
import type { SizeDiff, SizeNode, SizeReport, SymbolChange } from "../model/size.ts";
import { SIZE_DIFF_SCHEMA } from "../model/schema-name.ts";
import { totalOf } from "./size-table.ts";

interface Sized {
  readonly file: string;
  readonly name: string;
  readonly group: SymbolChange["group"];
  bytes: number;
}

/** Ways to find a symbol's other self, the surest first: each takes what the ones before it have left over, where one fits one. */
const LIKENESSES: readonly ((symbol: Sized) => string)[] = [
  ({ file, name }) => `${file}\0${withoutClone(name)}`,
  ({ file, name }) => `${baseOf(file)}\0${withoutClone(name)}`,
  ({ name }) => withoutClone(name),
];

export function diffSizes(before: SizeReport, after: SizeReport): SizeDiff {
  const old = symbolsOf(before.tree);
  const now = symbolsOf(after.tree);
  const pairs: [Sized | undefined, Sized | undefined][] = [];
  for (const [key, symbol] of old) {
    const same = now.get(key);
    if (same === undefined) continue;
    pairs.push([symbol, same]);
    old.delete(key);
    now.delete(key);
  }
  for (const likeness of LIKENESSES) pairs.push(...pairUp(old, now, likeness));
  for (const symbol of old.values()) pairs.push([symbol, undefined]);
  for (const symbol of now.values()) pairs.push([undefined, symbol]);

  const changes = pairs.flatMap((pair) => changeOf(...pair));
  const deltas = changes.map(({ delta }) => delta);
  const upBytes = sum(deltas.filter((delta) => delta > 0));
  const downBytes = -sum(deltas.filter((delta) => delta < 0));
  const count = (is: (change: SymbolChange) => boolean) => changes.filter(is).length;
  return {
    schema: SIZE_DIFF_SCHEMA,
    branch: after.branch,
    before: sideOf(before),
    after: sideOf(after),
    added: count((change) => change.before === null),
    removed: count((change) => change.after === null),
    grown: count((change) => change.before !== null && change.after !== null && change.delta > 0),
    shrunk: count((change) => change.before !== null && change.after !== null && change.delta < 0),
    upBytes,
    downBytes,
    deltaBytes: upBytes - downBytes,
    symbols: changes.sort(compareChanges),
  };
}

function symbolsOf(tree: SizeNode): Map<string, Sized> {
  const symbols = new Map<string, Sized>();
  walkSymbols(tree, "", (file, node) => {
    const name = withoutNumbers(node.name);
    const key = `${file}\0${name}`;
    const known = symbols.get(key);
    if (known === undefined) symbols.set(key, { file, name, group: groupOf(node), bytes: totalOf(node.static) });
    else known.bytes += totalOf(node.static);
  });
  return symbols;
}

/** What no symbol covers is none. */
function walkSymbols(node: SizeNode, path: string, visit: (file: string, symbol: SizeNode) => void): void {
  for (const child of node.children) {
    if (child.kind === "symbol") {
      if (!child.name.startsWith("(")) visit(path, child);
    } else walkSymbols(child, path === "" ? child.name : `${path}/${child.name}`, visit);
  }
}

/** The compiler numbers what it makes, and the kernel's macros: those numbers change with every build. */
function withoutNumbers(name: string): string {
  return name.replace(/\.\d+/g, "").replace(/^(__UNIQUE_ID_.*?)\d+$/, "$1");
}

/** A function that was specialised, or split, is still that function (GCC; LLVM's LTO). */
function withoutClone(name: string): string {
  return name.replace(/(?:\.(?:isra|constprop|part|cold|lto_priv|llvm))+$/, "");
}

function baseOf(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}

function groupOf({ static: held }: SizeNode): SymbolChange["group"] {
  return (["text", "rodata", "data", "bss"] as const).find((part) => held[part] > 0) ?? "text";
}

function pairUp(
  old: Map<string, Sized>,
  now: Map<string, Sized>,
  likeness: (symbol: Sized) => string,
): [Sized, Sized][] {
  const candidates = new Map<string, { readonly old: string[]; readonly now: string[] }>();
  const collect = (symbols: Map<string, Sized>, side: "old" | "now") => {
    for (const [key, symbol] of symbols) {
      // Data may become constant, or be linked so: it is the same object. A function is none.
      const like = `${symbol.group === "text" ? "text" : "data"}\0${likeness(symbol)}`;
      const known = candidates.get(like) ?? { old: [], now: [] };
      candidates.set(like, known);
      known[side].push(key);
    }
  };
  collect(old, "old");
  collect(now, "now");
  const pairs: [Sized, Sized][] = [];
  for (const { old: olds, now: news } of candidates.values()) {
    if (olds.length !== 1 || news.length !== 1) continue;
    const pair = [old.get(olds[0]), now.get(news[0])];
    if (pair[0] === undefined || pair[1] === undefined) continue;
    pairs.push([pair[0], pair[1]]);
    old.delete(olds[0]);
    now.delete(news[0]);
  }
  return pairs;
}

function changeOf(old: Sized | undefined, now: Sized | undefined): SymbolChange[] {
  const shown = now ?? old;
  const delta = (now?.bytes ?? 0) - (old?.bytes ?? 0);
  if (shown === undefined || delta === 0) return [];
  const both = old !== undefined && now !== undefined;
  return [
    {
      name: shown.name,
      ...(both && old.name !== now.name && { oldName: old.name }),
      file: shown.file,
      ...(both && old.file !== now.file && { oldFile: old.file }),
      group: shown.group,
      before: old?.bytes ?? null,
      after: now?.bytes ?? null,
      delta,
    },
  ];
}

/** bloat-o-meter's order: by what was added, then by name, backwards. */
function compareChanges(a: SymbolChange, b: SymbolChange): number {
  return b.delta - a.delta || (a.name < b.name ? 1 : a.name > b.name ? -1 : a.file < b.file ? -1 : 1);
}

function sideOf({ kernel, totals, tree }: SizeReport): SizeDiff["before"] {
  let symbolBytes = 0;
  walkSymbols(tree, "", (_, { static: held }) => (symbolBytes += totalOf(held)));
  return { path: kernel.path, release: kernel.release, totals, symbolBytes };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
