/** What changed between two moments of a run, of those that are kept. */
import { MOST_STACKS, type Window, WINDOW_SCHEMA, type WindowQuery } from "../../model/api.ts";
import { byCaller, callerOf } from "../../model/caller.ts";
import type { TaskRow } from "../../model/tasks.ts";
import type { Figure } from "../hub/moments.ts";
import { stackOf, stackRows } from "../hub/stack-rows.ts";
import type { TargetHub } from "../hub/target-hub.ts";
import { pairOf, taskRows } from "../hub/task-rows.ts";
import { stacksOf, tasksOf } from "./kept-of.ts";
import { type Changed, changesIn, type Part, sumOf, type Times } from "./window-parts.ts";

type Lists = Pick<Window, "callers" | "tasks" | "stacks" | "stacksBeyond">;
type CallerChange = Window["callers"][number];
type TaskChange = NonNullable<Window["tasks"]>[number];

/**
 * Undefined before the first event.
 *
 * @throws {KmemtapError} `cli/usage` where a task or stacks are asked for of which nothing is known
 */
export function windowOf(hub: TargetHub, query: WindowQuery): Window | undefined {
  const { latest } = hub;
  const time = latest?.history.at(-1)?.[0];
  if (latest === undefined || time === undefined) return undefined;
  const { snapshot, history } = latest;
  const times = { time, began: Math.min(history[0][0], (snapshot.window.firstEventNs ?? Infinity) / 1e9) };
  const { by, task, comm } = query;
  const isOfTasks = by === "task" || task !== undefined || comm !== undefined;
  const { from, to, parts, ...lists } =
    by === "stack"
      ? stacksIn(hub, times, query)
      : isOfTasks
        ? tasksIn(hub, times, query)
        : callersIn(changesIn(hub.moments, times, snapshot.callers, query), query);
  return {
    schema: WINDOW_SCHEMA,
    target: hub.id,
    run: snapshot.source.run,
    exact: snapshot.exact,
    from: { asked: query.from ?? null, used: from },
    to: { asked: query.to ?? null, used: to },
    totals: sumOf(parts),
    ...lists,
  };
}

function callersIn(changed: Changed, query: WindowQuery): Changed & Lists {
  return { ...changed, callers: byCallSite(changed.parts, ({ name }) => name, query) };
}

function tasksIn(hub: TargetHub, times: Times, query: WindowQuery): Changed & Lists {
  const { all, asked } = tasksOf(hub, query);
  const changed = changesIn(hub.taskMoments, times, taskRows(all), query);
  const ids = new Set(asked.map(({ id }) => id));
  const parts = changed.parts.filter(({ name }) => ids.has(pairOf(name).task));
  if (query.by === "task") return { ...changed, parts, callers: [], tasks: byTask(parts, asked, query) };
  return { ...changed, parts, callers: byCallSite(parts, ({ name }) => pairOf(name).callSite, query) };
}

function stacksIn(hub: TargetHub, times: Times, query: WindowQuery): Changed & Lists {
  const stacks = stacksOf(hub, query);
  const { parts, ...changed } = changesIn(hub.stackMoments, times, stackRows(stacks), query);
  const by = orderOf(query);
  const sorted = parts.toSorted((a, b) => Math.abs(b[by]) - Math.abs(a[by]) || b.totalBytes - a.totalBytes);
  const beyond = sorted.slice(MOST_STACKS);
  return {
    ...changed,
    parts,
    callers: [],
    stacks: sorted.slice(0, MOST_STACKS).map(({ name, ...sums }) => ({ ...stacks.nameOf(stackOf(name)), ...sums })),
    stacksBeyond: { stacks: beyond.length, ...sumOf(beyond) },
  };
}

function orderOf({ order = "netBytes" }: WindowQuery): Figure {
  return order;
}

/** Parts that are of one key. */
function gather<Key>(parts: readonly Part[], keyOf: (part: Part) => Key): Map<Key, Part[]> {
  const gathered = new Map<Key, Part[]>();
  for (const part of parts) {
    const key = keyOf(part);
    const of = gathered.get(key);
    if (of === undefined) gathered.set(key, [part]);
    else of.push(part);
  }
  return gathered;
}

function byCallSite(parts: readonly Part[], keyOf: (part: Part) => string, query: WindowQuery): CallerChange[] {
  const by = orderOf(query);
  return [...gather(parts, keyOf)]
    .map(([callSite, of]): CallerChange => ({ callSite, caller: callerOf(callSite), ...sumOf(of) }))
    .sort((a, b) => b[by] - a[by] || byCaller(a, b));
}

function byTask(parts: readonly Part[], asked: readonly TaskRow[], query: WindowQuery): TaskChange[] {
  const own = gather(parts, ({ name }) => pairOf(name).task);
  const by = orderOf(query);
  return asked
    .flatMap(({ id, pid, comm }): TaskChange[] => {
      const of = own.get(id);
      return of === undefined ? [] : [{ id, pid, comm, ...sumOf(of), callSites: of.length }];
    })
    .sort((a, b) => b[by] - a[by] || a.id - b.id);
}
