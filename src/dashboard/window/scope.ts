/** What the views below the timeline are of: the whole trace up to now, or a window of it. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { ScopeKind } from "../callers/columns.ts";
import type { Account } from "../state/page-state.ts";

export interface Scope {
  readonly kind: ScopeKind;
  /** Another run, or another window: rows that were held have nothing to do with these. */
  readonly key: string;
  readonly callers: ReadonlyMap<string, CallerRow>;
  readonly totals: { readonly netBytes: number };
  /** Trace clock of the account's last event, seconds. */
  readonly nowS: number;
  /** In place of rows, where there are none. */
  readonly nothing: string;
}

export function wholeScope(account: Account): Scope {
  const { callers, totals, window, source } = account;
  return {
    kind: "whole",
    key: `${source.label} ${source.run}`,
    callers,
    totals,
    nowS: (window.lastEventNs ?? 0) / 1e9,
    nothing: "No allocation yet",
  };
}
