/** A snapshot with where in the source its callers are. */
import type { CallerRow, CallerSource, Snapshot, SymbolFacts } from "../model/snapshot.ts";
import type { Workload } from "../model/workload.ts";
import { ELF_MAGIC } from "../symbols/elf/read-elf.ts";
import { notElf } from "../symbols/elf/elf-errors.ts";
import { KernelSymbols } from "../symbols/kernel-symbols.ts";
import type { BuildIdentity } from "../symbols/check-build.ts";
import { findSymbolizer } from "../symbols/llvm/find-symbolizer.ts";
import { type Counting, SourceFinder } from "../symbols/source-finder.ts";
import { openRandomAccess } from "../transport/random-access.ts";

export interface KernelChoice {
  /** What `-k` names. */
  readonly kernel: string;
  /** Text of the target's kallsyms. */
  readonly kallsyms?: string | undefined;
  /** Goes on where the kernel is not the capture's. */
  readonly force?: boolean;
}

/**
 * Opens the kernel that a snapshot is of.
 *
 * @throws {KmemtapError} `symbols/no-kernel`, `symbols/wrong-build`, `symbols/not-elf`, `symbols/damaged`, `input/unreadable`
 */
export async function openSources(
  choice: KernelChoice,
  { release, buildId }: BuildIdentity,
  counting?: Counting,
): Promise<SourceFinder> {
  const { kernel, force = false } = choice;
  const kallsyms = choice.kallsyms === undefined ? undefined : new KernelSymbols();
  kallsyms?.read(choice.kallsyms ?? "");
  const open = async (path: string) => {
    const file = await openRandomAccess(path, ELF_MAGIC);
    if (file === undefined) throw notElf(path, "it begins otherwise");
    return file;
  };
  const symbolizer = await findSymbolizer();
  return SourceFinder.open({ kernel, force, kallsyms, capture: { release, buildId }, open, symbolizer, counting });
}

export interface WithSources {
  readonly snapshot: Snapshot;
  /** Of every call site that was looked up, callers and frames. */
  readonly sources: ReadonlyMap<string, CallerSource>;
}

/**
 * The snapshot with the source of every caller, and beside it that of every frame of the stacks that it lists.
 *
 * @throws {KmemtapError} what {@link openSources} does
 */
export async function withSources(snapshot: Snapshot, choice: KernelChoice, counting?: Counting): Promise<WithSources> {
  const finder = await openSources(choice, snapshot, counting);
  try {
    const sources = await finder.of(snapshot.callers.map(({ callSite }) => callSite));
    // Of the callers alone it is said how far the symbols reach.
    const whole = joinSources(snapshot, sources, finder.facts);
    const frames = new Set((snapshot.stacks?.rows ?? []).flatMap((row) => row.frames));
    for (const site of sources.keys()) frames.delete(site);
    if (frames.size === 0) return { snapshot: whole, sources };
    return { snapshot: whole, sources: new Map([...sources, ...(await finder.of([...frames]))]) };
  } finally {
    await finder.close();
  }
}

/**
 * The account of a workload with the source of every caller that its snapshot, its residue and its growth name.
 *
 * @throws {KmemtapError} what {@link openSources} does
 */
export async function workloadWithSources(
  workload: Workload,
  choice: KernelChoice,
  counting?: Counting,
): Promise<Workload> {
  const { snapshot, residue, repeat } = workload;
  const finder = await openSources(choice, snapshot, counting);
  try {
    const rows = [...snapshot.callers, ...residue.callers, ...(repeat?.growing ?? [])];
    const found = await finder.of([...new Set(rows.map(({ callSite }) => callSite))]);
    return {
      ...workload,
      snapshot: joinSources(snapshot, found, finder.facts),
      residue: { ...residue, callers: located(residue.callers, found) },
      repeat: repeat === null ? null : { ...repeat, growing: located(repeat.growing, found) },
    };
  } finally {
    await finder.close();
  }
}

/** The snapshot with what is known of its callers' source. */
export function joinSources(
  snapshot: Snapshot,
  found: ReadonlyMap<string, CallerSource>,
  facts: Omit<SymbolFacts, "attributed" | "unattributed">,
): Snapshot {
  const callers = located(snapshot.callers, found);
  const hasFile = ({ source }: CallerRow) => source !== undefined && source.file !== null;
  const attributed = sumOf(callers.filter(hasFile));
  const unattributed = sumOf(callers.filter((row) => !hasFile(row)));
  return { ...snapshot, callers, symbols: { ...facts, attributed, unattributed } };
}

function located<Row extends { readonly callSite: string }>(
  rows: readonly Row[],
  found: ReadonlyMap<string, CallerSource>,
): Row[] {
  return rows.map((row) => {
    const source = found.get(row.callSite);
    return source === undefined ? row : { ...row, source };
  });
}

function sumOf(rows: readonly CallerRow[]): SymbolFacts["attributed"] {
  const sum = { callSites: rows.length, netBytes: 0, totalBytes: 0 };
  for (const { netBytes, totalBytes } of rows) {
    sum.netBytes += netBytes;
    sum.totalBytes += totalBytes;
  }
  return sum;
}
