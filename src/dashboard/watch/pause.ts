/** A page that holds still: what it shows, and what it has missed meanwhile. Pure. */
import type { Account, PageState } from "../state/page-state.ts";

export interface Missed {
  readonly updates: number;
  readonly allocs: number;
  readonly netBytes: number;
}

export interface Shown {
  readonly page: PageState;
  /** Null while the page follows. */
  readonly missed: Missed | null;
}

/**
 * The next state to show.
 *
 * What is said of the connection is always told; another target or boot ends the pause, since nothing of what was held
 * exists any more.
 */
export function nextShown(shown: Shown, latest: PageState, paused: boolean): Shown {
  const held = shown.page.account;
  if (!paused || held === null || latest.account === null || !isSameRun(held, latest.account))
    return { page: latest, missed: null };
  const { account } = latest;
  const missed = shown.missed ?? { updates: 0, allocs: 0, netBytes: 0 };
  const page = latest.problem === shown.page.problem ? shown.page : { ...latest, account: held };
  return {
    page,
    missed: {
      updates: missed.updates + 1,
      allocs: account.totals.allocs - held.totals.allocs,
      netBytes: account.totals.netBytes - held.totals.netBytes,
    },
  };
}

function isSameRun(a: Account, b: Account): boolean {
  return a.source.run === b.source.run && a.source.label === b.source.label;
}
