/** The source tree of a snapshot: directories, files, functions, and what each holds. */
import type { CallerRow, Snapshot } from "../model/snapshot.ts";
import { type DynamicFigures, type SourceNode, type StaticBytes, UNATTRIBUTED } from "../model/source-tree.ts";
import { parseCallSite } from "../model/call-site-text.ts";

/**
 * Every caller is in it: those without a file in the node {@link UNATTRIBUTED}, by module where they are in one. The root's figures are the
 * snapshot's totals.
 *
 * @param name of the root: the kernel's release
 */
export function sourceTreeOf({ callers }: Pick<Snapshot, "callers">, name: string): SourceNode {
  const root = new Growing(name, "directory");
  for (const row of callers) {
    const place = sourcePlaceOf(row);
    const isInFile = typeof row.source?.file === "string";
    let node = root;
    node.add(row);
    place.forEach((part, i) => {
      const isFile = isInFile && i === place.length - 2;
      node = node.child(part, i === place.length - 1 ? "symbol" : isFile ? "file" : "directory");
      node.add(row);
    });
  }
  return root.finish();
}

/** Names from the root down: directories, file and function; without a file {@link UNATTRIBUTED}, module and function. */
export function sourcePlaceOf(row: CallerRow): readonly string[] {
  const path = row.source?.file ?? undefined;
  const folders = path === undefined ? [UNATTRIBUTED, ...moduleOf(row)] : path.split("/").filter((part) => part !== "");
  return [...folders, functionOf(row)];
}

/**
 * One tree of what an image takes and of what its code holds. Nodes of the same place and kind become one; figures that only one of the trees has stay as they
 * are.
 */
export function joinTrees(dynamic: SourceNode, fixed: SourceNode): SourceNode {
  return joined(dynamic.name, dynamic, fixed);
}

function joined(name: string, one: SourceNode | undefined, other: SourceNode | undefined): SourceNode {
  const keys = new Map<string, [SourceNode | undefined, SourceNode | undefined]>();
  for (const child of one?.children ?? []) keys.set(keyOf(child), [child, undefined]);
  for (const child of other?.children ?? []) keys.set(keyOf(child), [keys.get(keyOf(child))?.[0], child]);
  const children = [...keys.values()].map(([a, b]) => joined((a ?? b)?.name ?? "", a, b));
  const fixed = sumOf([one?.static, other?.static]);
  const dynamic = sumOf([one?.dynamic, other?.dynamic]);
  return {
    name,
    kind: (one ?? other)?.kind ?? "directory",
    ...(fixed && { static: fixed }),
    ...(dynamic && { dynamic }),
    children: children.sort(byName),
  };
}

function keyOf({ name, kind }: SourceNode): string {
  return `${kind} ${name}`;
}

class Growing {
  readonly #name: string;
  readonly #kind: SourceNode["kind"];
  readonly #children = new Map<string, Growing>();
  /** Added to in place: a page makes such trees of thousands of callers every second. */
  readonly #figures: Record<keyof DynamicFigures, number> = {
    netBytes: 0,
    totalBytes: 0,
    wasteBytes: 0,
    liveObjects: 0,
    allocs: 0,
  };
  #isKnown = false;

  constructor(name: string, kind: SourceNode["kind"]) {
    this.#name = name;
    this.#kind = kind;
  }

  child(name: string, kind: SourceNode["kind"]): Growing {
    const key = `${kind} ${name}`;
    let child = this.#children.get(key);
    if (child === undefined) {
      child = new Growing(name, kind);
      this.#children.set(key, child);
    }
    return child;
  }

  add({ netBytes, totalBytes, wasteBytes, liveObjects, allocs }: DynamicFigures): void {
    this.#isKnown = true;
    this.#figures.netBytes += netBytes;
    this.#figures.totalBytes += totalBytes;
    this.#figures.wasteBytes += wasteBytes;
    this.#figures.liveObjects += liveObjects;
    this.#figures.allocs += allocs;
  }

  finish(): SourceNode {
    const children = [...this.#children.values()].map((child) => child.finish()).sort(byName);
    return { name: this.#name, kind: this.#kind, ...(this.#isKnown && { dynamic: this.#figures }), children };
  }
}

function moduleOf({ source, callSite }: CallerRow): readonly string[] {
  const site = parseCallSite(callSite);
  const module = source?.module ?? (site !== undefined && "module" in site ? site.module : undefined);
  return module === undefined ? [] : [`[${module}]`];
}

/** As the symbol table calls it: a static tree has it under the same name. */
function functionOf({ source, callSite, caller }: CallerRow): string {
  // Where the source says it, nothing is taken apart.
  const known = source?.function ?? undefined;
  if (known !== undefined) return known;
  const site = parseCallSite(callSite);
  return site !== undefined && "symbol" in site ? site.symbol : caller;
}

/** Key by key; undefined where all are. */
function sumOf<T extends StaticBytes | DynamicFigures>(all: readonly (T | undefined)[]): T | undefined {
  const [first, ...others] = all.filter((figures) => figures !== undefined);
  if ((first as T | undefined) === undefined) return undefined;
  const sum: Record<string, number> = { ...first };
  for (const figures of others) for (const [key, value] of Object.entries(figures)) sum[key] += value as number;
  return sum as unknown as T;
}

function byName(a: SourceNode, b: SourceNode): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
}
