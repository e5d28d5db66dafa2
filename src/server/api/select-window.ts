/** The part of a run between two moments that a file is asked of: the callers of a window, filtered as those of a snapshot are. */
import type { SnapshotQuery, Window } from "../../model/api.ts";
import type { CallerRow, Snapshot } from "../../model/snapshot.ts";
import { windowRows } from "../../model/window-rows.ts";
import type { TargetHub } from "../hub/target-hub.ts";
import { unknown } from "./kept-of.ts";
import { windowOf } from "./window.ts";

/** What a window knows a caller by. */
const ORDERS = ["netBytes", "totalBytes", "allocs", "frees", "liveObjects", "caller"];

export interface SelectedWindow {
  readonly window: Window;
  readonly rows: CallerRow[];
}

/**
 * Undefined where the query is not of a window.
 *
 * @throws {KmemtapError} `cli/usage` where a window does not know it
 */
export function windowAsked(hub: TargetHub, whole: Snapshot, query: SnapshotQuery): SelectedWindow | undefined {
  const { from, to, order, task, comm } = query;
  if (from === undefined && to === undefined) return undefined;
  if (whole.source.run !== hub.latest?.snapshot.source.run)
    throw unknown("moments are kept of the present run alone", "leave run, or from and to, out");
  if (!ORDERS.includes(order)) throw unknown(`a window is not ordered by ${order}`, `order by ${ORDERS.join(", ")}`);
  const window = windowOf(hub, { from, to, task, comm });
  if (window === undefined) throw unknown("nothing has happened yet", "ask again in a second");
  const live = new Map(whole.callers.map((row) => [row.callSite, row]));
  return { window, rows: [...windowRows(window.callers, live).values()] };
}
