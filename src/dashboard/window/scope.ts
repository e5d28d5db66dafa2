/** What the views below the timeline are of: the whole trace up to now, or a window of it. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { Series } from "../../model/wire.ts";
import type { ScopeKind } from "../callers/columns.ts";
import type { Span } from "../view/view.ts";
import type { Account } from "../state/page-state.ts";

export interface Scope {
  readonly kind: ScopeKind;
  /** Another run, or another window: rows that were held have nothing to do with these. */
  readonly key: string;
  readonly callers: ReadonlyMap<string, CallerRow>;
  readonly totals: { readonly netBytes: number };
  /** Who held the net bytes over the whole run, as far as it has lines of its own. */
  readonly series: Series;
  /** Trace clock of the account's last event, seconds. */
  readonly nowS: number;
  /** Of a window: between which moments its rows are; null before they are known. */
  readonly used: Span | null;
  /** In place of rows, where there are none. */
  readonly nothing: string;
}

export function wholeScope(account: Account): Scope {
  const { callers, totals, window, source, series } = account;
  return {
    kind: "whole",
    key: `${source.label} ${source.run}`,
    callers,
    totals,
    series,
    nowS: (window.lastEventNs ?? 0) / 1e9,
    used: null,
    nothing: "No allocation yet",
  };
}
