/** What changed between two moments of a run, of those that are kept. */
import { byCaller, callerOf } from "../../model/caller.ts";
import { type Window, WINDOW_SCHEMA } from "../../model/api.ts";
import type { TargetHub } from "../hub/target-hub.ts";
import { FIGURES, figureAt, type Moment } from "../hub/moments.ts";

interface Asked {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Undefined before the first event. */
export function windowOf({ id, latest, moments }: TargetHub, { from, to }: Asked): Window | undefined {
  const time = latest?.history.at(-1)?.[0];
  if (latest === undefined || time === undefined) return undefined;
  const { snapshot, history } = latest;
  const now = moments.now(time, snapshot.callers);
  const began = Math.min(history[0][0], (snapshot.window.firstEventNs ?? Infinity) / 1e9);
  const all = [moments.beginning(began), ...moments.all, now];
  const first = nearest(all, from ?? -Infinity);
  const last = nearest(all, to ?? Infinity);
  const callers = moments.callSites
    .map((callSite, caller) => ({ callSite, caller: callerOf(callSite), ...between(first, last, caller) }))
    .filter((row) => FIGURES.some((figure) => row[figure] !== 0))
    .sort((a, b) => b.netBytes - a.netBytes || byCaller(a, b));
  const totals = { netBytes: 0, totalBytes: 0, allocs: 0, frees: 0 };
  for (const row of callers) for (const figure of FIGURES) totals[figure] += row[figure];
  return {
    schema: WINDOW_SCHEMA,
    target: id,
    run: snapshot.source.run,
    exact: snapshot.exact,
    from: { asked: from ?? null, used: first.time },
    to: { asked: to ?? null, used: last.time },
    totals,
    callers,
  };
}

/** @param all of them in order, at least one; of those that are equally near the last, which has more in it */
function nearest(all: readonly Moment[], time: number): Moment {
  if (time === -Infinity) return all[0];
  if (time === Infinity) return all[all.length - 1];
  return all.reduce((best, moment) => (Math.abs(moment.time - time) <= Math.abs(best.time - time) ? moment : best));
}

function between(first: Moment, last: Moment, caller: number) {
  const change = (figure: (typeof FIGURES)[number]) => figureAt(last, caller, figure) - figureAt(first, caller, figure);
  return {
    netBytes: change("netBytes"),
    totalBytes: change("totalBytes"),
    allocs: change("allocs"),
    frees: change("frees"),
  };
}
