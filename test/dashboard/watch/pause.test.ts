import { describe, expect, it } from "vitest";
import { applyMessage } from "../../../src/dashboard/state/apply-message.ts";
import { emptyPage, type PageState } from "../../../src/dashboard/state/page-state.ts";
import { nextShown } from "../../../src/dashboard/watch/pause.ts";
import { row, snapshotMessage, totals } from "../make.ts";

function pageWith(allocs: number, netBytes: number, run = 1): PageState {
  const message = snapshotMessage(1, [row("a")]);
  const snapshot = {
    ...message.snapshot,
    totals: { ...totals, allocs, netBytes },
    source: { ...message.snapshot.source, run },
  };
  return applyMessage({ ...emptyPage, target: "target" }, { ...message, snapshot }, 0).state;
}

describe("a page that holds still", () => {
  it("follows while it is not paused", () => {
    const latest = pageWith(5, 100);
    expect(nextShown({ page: emptyPage, missed: null }, latest, false)).toEqual({ page: latest, missed: null });
  });

  it("shows what it showed, and counts what it missed", () => {
    const held = pageWith(5, 100);
    const once = nextShown({ page: held, missed: null }, pageWith(8, 90), true);
    const twice = nextShown(once, pageWith(11, 300), true);
    expect(twice.page).toBe(held);
    expect(twice.missed).toEqual({ updates: 2, allocs: 6, netBytes: 200 });
    expect(nextShown(twice, pageWith(11, 300), false).missed).toBeNull();
  });

  it("ends with the run that it held", () => {
    const latest = pageWith(1, 1, 2);
    expect(nextShown({ page: pageWith(5, 100), missed: null }, latest, true)).toEqual({ page: latest, missed: null });
  });
});
