/** What changed between two moments of a run, of those that are kept. */
import { byCaller, callerOf } from "../../model/caller.ts";
import { type Window, WINDOW_SCHEMA, type WindowQuery } from "../../model/api.ts";
import type { TaskRow } from "../../model/tasks.ts";
import type { TargetHub } from "../hub/target-hub.ts";
import { type Figure, FIGURES, figureAt, type Moment, type MomentRow, type Moments } from "../hub/moments.ts";
import { pairOf, taskRows } from "../hub/task-rows.ts";
import { tasksOf } from "./tasks-of.ts";

type Sums = Record<Figure, number>;

/**
 * Undefined before the first event.
 *
 * @throws {KmemtapError} `cli/usage` where a task is asked for of which nothing is known
 */
export function windowOf(hub: TargetHub, query: WindowQuery): Window | undefined {
  const { latest } = hub;
  const time = latest?.history.at(-1)?.[0];
  if (latest === undefined || time === undefined) return undefined;
  const { snapshot, history } = latest;
  const began = Math.min(history[0][0], (snapshot.window.firstEventNs ?? Infinity) / 1e9);
  const { by, task, comm } = query;
  const tasks = by === "task" || task !== undefined || comm !== undefined ? tasksOf(hub, query) : undefined;
  const changed =
    tasks === undefined
      ? changesIn(hub.moments, { time, rows: snapshot.callers, began }, query)
      : changesIn(hub.taskMoments, { time, rows: taskRows(tasks.all), began }, query);
  const parts = tasks === undefined ? changed.parts : partsOf(changed.parts, tasks.asked);
  return {
    schema: WINDOW_SCHEMA,
    target: hub.id,
    run: snapshot.source.run,
    exact: snapshot.exact,
    from: { asked: query.from ?? null, used: changed.from },
    to: { asked: query.to ?? null, used: changed.to },
    totals: totalsOf(parts),
    callers: by === "task" ? [] : byCallSite(parts),
    ...(by === "task" && tasks !== undefined && { tasks: byTask(parts, tasks.asked) }),
  };
}

interface Part extends Sums {
  readonly callSite: string;
  readonly task?: number;
}

interface Now {
  /** Trace clock, seconds, and when it began. */
  readonly time: number;
  readonly began: number;
  readonly rows: readonly MomentRow[];
}

function changesIn(
  moments: Moments,
  { time, rows, began }: Now,
  { from = -Infinity, to = Infinity }: WindowQuery,
): { readonly from: number; readonly to: number; readonly parts: readonly Part[] } {
  const now = moments.now(time, rows);
  const all = [moments.beginning(began), ...moments.all, now];
  const first = nearest(all, from);
  const last = nearest(all, to);
  const parts = moments.callSites
    .map((callSite, number) => ({ callSite, ...between(first, last, number) }))
    .filter((part) => FIGURES.some((figure) => part[figure] !== 0));
  return { from: first.time, to: last.time, parts };
}

/** @param all of them in order, at least one; of those that are equally near the last, which has more in it */
function nearest(all: readonly Moment[], time: number): Moment {
  if (time === -Infinity) return all[0];
  if (time === Infinity) return all[all.length - 1];
  return all.reduce((best, moment) => (Math.abs(moment.time - time) <= Math.abs(best.time - time) ? moment : best));
}

function between(first: Moment, last: Moment, number: number): Sums {
  const change = (figure: Figure) => figureAt(last, number, figure) - figureAt(first, number, figure);
  return {
    netBytes: change("netBytes"),
    totalBytes: change("totalBytes"),
    allocs: change("allocs"),
    frees: change("frees"),
  };
}

/** Pairs of the tasks that were asked for. */
function partsOf(pairs: readonly Part[], asked: readonly TaskRow[]): readonly Part[] {
  const ids = new Set(asked.map(({ id }) => id));
  return pairs.map((pair) => ({ ...pair, ...pairOf(pair.callSite) })).filter(({ task }) => ids.has(task));
}

const nothing = (): Sums => ({ netBytes: 0, totalBytes: 0, allocs: 0, frees: 0 });

function add(to: Sums, part: Sums): void {
  for (const figure of FIGURES) to[figure] += part[figure];
}

function totalsOf(parts: readonly Part[]): Sums {
  const sums = nothing();
  for (const part of parts) add(sums, part);
  return sums;
}

/** Sums of those that are of one key, and how many they are. */
function gather<Key>(parts: readonly Part[], keyOf: (part: Part) => Key): Map<Key, { sums: Sums; parts: number }> {
  const gathered = new Map<Key, { sums: Sums; parts: number }>();
  for (const part of parts) {
    const key = keyOf(part);
    const of = gathered.get(key) ?? { sums: nothing(), parts: 0 };
    gathered.set(key, of);
    of.parts += 1;
    add(of.sums, part);
  }
  return gathered;
}

function byCallSite(parts: readonly Part[]): Window["callers"] {
  return [...gather(parts, ({ callSite }) => callSite)]
    .map(([callSite, { sums }]) => ({ callSite, caller: callerOf(callSite), ...sums }))
    .sort((a, b) => b.netBytes - a.netBytes || byCaller(a, b));
}

function byTask(parts: readonly Part[], asked: readonly TaskRow[]): Window["tasks"] {
  const own = gather(parts, ({ task }) => task);
  return asked
    .flatMap(({ id, pid, comm }) => {
      const of = own.get(id);
      return of === undefined ? [] : [{ id, pid, comm, ...of.sums, callSites: of.parts }];
    })
    .sort((a, b) => b.netBytes - a.netBytes || a.id - b.id);
}
