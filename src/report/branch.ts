/** A part of an account or of a tree, as trace_analyze's --start-branch had it: a directory or file of the source; a module where sources are not known. */
import { knowsSources } from "../compare/source-of.ts";
import { ExitCode, KmemtapError } from "../model/errors.ts";
import { BUILT_IN } from "../model/place-of.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { UNATTRIBUTED } from "../model/source-tree.ts";
import type { TaskRow } from "../model/tasks.ts";
import { sumsOf, totalsOf } from "../model/totals-of.ts";
import { modulePlaceOf, moduleTreeOf } from "../rings/module-tree.ts";
import { sourcePlaceOf, sourceTreeOf } from "../rings/source-tree.ts";

/** Of any tree whose nodes have names. */
interface Place {
  readonly name: string;
  readonly children: readonly Place[];
}

const LISTED = 8;

/**
 * A branch's names as a tree has them: a module may be named without its brackets.
 *
 * @returns undefined where it has no such place
 */
export function placeIn(root: Place, names: readonly string[]): readonly string[] | undefined {
  const found: string[] = [];
  let node: Place = root;
  for (const name of names) {
    const next = childOf(node, name);
    if (next === undefined) return undefined;
    found.push(next.name);
    node = next;
  }
  return found;
}

/** What every command says of a place that is not there, in the same words and with the same status. */
export function noPlace(names: readonly string[], roots: readonly Place[]): KmemtapError {
  const [place, there] = deepest(names, roots);
  const rest = there.length > LISTED ? ` and ${String(there.length - LISTED)} more` : "";
  const nextStep =
    there.length === 0
      ? "name a directory or file as the kernel's source has it, such as -b fs/ext4, or leave -b out"
      : `${place === "" ? "its top" : place} has ${there.slice(0, LISTED).join(", ")}${rest}` +
        (roots.every(hasModulesAlone) ? "; directories of the source need the kernel: -k KERNEL" : "");
  return new KmemtapError("cli/usage", `-b ${names.join("/")}: there is no such place`, {
    nextStep,
    exitCode: ExitCode.wrongUse,
  });
}

/** What a tree has at its top where no kernel was asked. */
function hasModulesAlone({ children }: Place): boolean {
  return children.every(({ name }) => name === BUILT_IN || name === UNATTRIBUTED || /^\[.+\]$/.test(name));
}

function deepest(names: readonly string[], roots: readonly Place[]): [place: string, there: readonly string[]] {
  for (let depth = names.length - 1; depth >= 0; depth -= 1) {
    const nodes = roots.flatMap((root) => nodeAt(root, names.slice(0, depth)) ?? []);
    const there = [...new Set(nodes.flatMap(({ children }) => children.map(({ name }) => name)))];
    if (there.length > 0) return [names.slice(0, depth).join("/"), there];
  }
  return ["", []];
}

function nodeAt(root: Place, names: readonly string[]): Place | undefined {
  return names.reduce<Place | undefined>((node, name) => node && childOf(node, name), root);
}

function childOf(node: Place, name: string): Place | undefined {
  return [name, `[${name}]`].map((as) => node.children.find((child) => child.name === as)).find((child) => child);
}

/**
 * The callers of a place, and their totals; none where the account has nothing there.
 *
 * @param names from the kernel tree's root: `fs`, `ext4`; `(unattributed)`; without sources a module
 */
export function branchOf(snapshot: Snapshot, names: readonly string[], bySource = isBySource(snapshot)): Snapshot {
  const place = placeIn(placesOf(snapshot, bySource), names) ?? names;
  const placeOf = bySource ? sourcePlaceOf : modulePlaceOf;
  const callers = snapshot.callers.filter((row) => {
    const own = placeOf(row);
    return place.every((name, i) => own[i] === name);
  });
  const { tasks, lives } = snapshot;
  const sites = new Set(callers.map(({ callSite }) => callSite));
  return {
    ...snapshot,
    branch: place.join("/"),
    callers,
    totals: totalsOf(callers),
    ...(tasks && { tasks: { ...tasks, tasks: partsIn(tasks.tasks, sites) } }),
    ...(lives && { lives: { ...lives, callers: lives.callers.filter(({ callSite }) => sites.has(callSite)) } }),
  };
}

/** Of each task what it allocated by these call sites; those that did are in it. */
function partsIn(tasks: readonly TaskRow[], callSites: ReadonlySet<string>): TaskRow[] {
  return tasks
    .map((task) => ({ task, callers: (task.callers ?? []).filter(({ callSite }) => callSites.has(callSite)) }))
    .filter(({ callers }) => callers.length > 0)
    .map(({ task, callers }) => ({ ...task, ...sumsOf(callers), callers }))
    .sort((a, b) => b.netBytes - a.netBytes);
}

/** The tree that {@link branchOf} names a part of. */
export function placesOf(snapshot: Snapshot, bySource = isBySource(snapshot)): Place {
  return bySource ? sourceTreeOf(snapshot, "kernel") : moduleTreeOf(snapshot.callers, "kernel");
}

/** A kernel was asked, whatever it knew. */
export function isBySource(snapshot: Snapshot): boolean {
  return snapshot.symbols !== undefined || knowsSources(snapshot);
}
