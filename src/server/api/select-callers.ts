/** The part of an account that a file is asked of: those callers, and of a task what it allocated of each. */
import { nameOfTask } from "../../format/task-name.ts";
import type { SnapshotQuery, Window } from "../../model/api.ts";
import type { CallerRow, Snapshot } from "../../model/snapshot.ts";
import { callersOf } from "../../model/task-callers.ts";
import { totalsOf } from "../../model/totals-of.ts";
import { type View, callerFilterSchema, viewSchema } from "../../model/wire-request.ts";
import type { TargetHub } from "../hub/target-hub.ts";
import { selectRows } from "../hub/view-rows.ts";
import { tasksOf, unknown } from "./kept-of.ts";
import { windowAsked } from "./select-window.ts";
import { sumOf } from "./window-parts.ts";

export interface Selected {
  readonly snapshot: Snapshot;
  /** Of what it is, for people; none where it is whole. */
  readonly parts: readonly string[];
  /** Frees by the call site that freed, of a part those of its callers; undefined of what nothing tells: earlier runs, tasks, mode hist. */
  readonly freeing: () => ReadonlyMap<string, number> | undefined;
  /** Where it is of what changed between two moments: the rows are that, and what a window does not know is nought in them. */
  readonly window?: Window;
}

/**
 * With a filter the totals are of what it leaves, as with --branch; a limit only shortens the list.
 *
 * @throws {KmemtapError} `cli/usage` where nothing tells which callers those are
 */
export function selectCallers(hub: TargetHub, whole: Snapshot, query: SnapshotQuery): Selected {
  const { order, descending, limit } = query;
  const filter = callerFilterSchema.parse(
    Object.fromEntries(Object.keys(callerFilterSchema.shape).map((name) => [name, query[name as keyof typeof query]])),
  );
  const view: View = viewSchema.parse({ order, ...(descending !== undefined && { descending }), filter });
  const isPresent = whole.source.run === hub.latest?.snapshot.source.run;
  const part = windowAsked(hub, whole, query);
  const isOfTask = query.task !== undefined || query.comm !== undefined;
  const task = isOfTask ? taskOf(hub, isPresent, whole, query) : undefined;
  const kinds = filter.kind === undefined ? undefined : kindsOf(hub, isPresent);
  const { rows } = selectRows(view, part?.rows ?? task?.callers ?? whole.callers, { kinds: () => kinds });
  const shown = rows.slice(0, limit);
  const parts = [
    ...partsOf(query),
    ...(task === undefined ? [] : [task.name]),
    ...(part === undefined ? [] : [`${part.window.from.used.toFixed(3)} s to ${part.window.to.used.toFixed(3)} s`]),
  ];
  return {
    snapshot: {
      ...whole,
      callers: shown,
      ...(parts.length > 0 && { totals: totalsOf(rows) }),
    },
    parts,
    freeing: () => {
      if (!isPresent || task !== undefined) return undefined;
      const frees = hub.latest.freeingCallSites?.();
      if (frees === undefined || (parts.length === 0 && limit === undefined)) return frees;
      return new Map(shown.map(({ callSite }) => [callSite, frees.get(callSite) ?? 0]));
    },
    ...(part !== undefined && { window: windowWith(part.window, rows, limit) }),
  };
}

/** The window with these callers alone. */
function windowWith(window: Window, rows: readonly CallerRow[], limit: number | undefined): Window {
  const known = new Map(window.callers.map((row) => [row.callSite, row]));
  const callers = rows.slice(0, limit).flatMap(({ callSite }) => known.get(callSite) ?? []);
  return { ...window, totals: sumOf(rows), callers };
}

function partsOf({ text, directory, module, kind }: SnapshotQuery): string[] {
  return [
    ...(directory === undefined ? [] : [directory]),
    ...(module === undefined ? [] : [`module ${module}`]),
    ...(text === undefined ? [] : [`callers with ${text}`]),
    ...(kind === undefined ? [] : [`callers with live objects of ${/^\d/.test(kind) ? `${kind} bytes` : kind}`]),
  ];
}

function kindsOf(hub: TargetHub, isPresent: boolean) {
  if (!isPresent)
    throw unknown("the kinds of live objects are known of the present run alone", "leave run or kind out");
  const kinds = hub.kinds();
  if (kinds === undefined)
    throw unknown("the kinds of live objects are not known: the target's kernel makes the sums", "leave kind out");
  return kinds;
}

function taskOf(
  hub: TargetHub,
  isPresent: boolean,
  whole: Snapshot,
  { task, comm }: SnapshotQuery,
): { readonly callers: CallerRow[]; readonly name: string } {
  if (!isPresent) throw unknown("tasks are known of the present run alone", "leave run, or task and comm, out");
  const { asked } = tasksOf(hub, { task, comm });
  const rows = callersOf(asked, new Map(whole.callers.map((row) => [row.callSite, row])));
  return { callers: [...rows.values()], name: comm === undefined ? nameOfTask(asked[0]) : `tasks called ${comm}` };
}
