/** What two looks at an account tell, and what one does not. */
import { expect, it } from "vitest";
import type { Moment } from "../../../src/cli/headless/moment.ts";
import { changeBetween } from "../../../src/cli/top/looks.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { accountOf } from "../../support/account.ts";
import { charge } from "../../support/callers.ts";

const base = accountOf("");
const look = (atMs: number, events: number, more: Partial<Snapshot> = {}): Moment => ({
  atMs,
  snapshot: { ...base, input: { ...base.input, events: { lines: events, bytes: 0 } }, ...more },
  eventsPerSecond: 0,
  isLosing: false,
  isLast: false,
});
const NOTHING = { eventsPerSecond: undefined, baseline: undefined, history: [7000] };

it("tells the rate, and what growth counts from", () => {
  const row = charge("f+0x1/0x2", undefined, 5000);
  const first = look(1000, 100, { callers: [row], totals: { ...base.totals, netBytes: 5000 } });
  expect(changeBetween(first, look(3000, 700), 7000)).toEqual({
    eventsPerSecond: 300,
    baseline: new Map([[row.callSite, 5000]]),
    history: [5000, 7000],
    stepMs: 2000,
  });
});

it("counts what the kernel has added up where no event travels", () => {
  const first = look(0, 0, { mode: "hist" });
  const last = look(1000, 0, { mode: "hist", totals: { ...base.totals, allocs: 30, frees: 12 } });
  expect(changeBetween(first, last, 0).eventsPerSecond).toBe(42);
});

it.each([
  ["one look", look(1000, 1), look(1000, 1)],
  ["none", undefined, undefined],
  ["a boot in between", look(1000, 900), look(3000, 1, { source: { ...base.source, run: base.source.run + 1 } })],
])("claims nothing after %s", (_what, first, last) => {
  expect(changeBetween(first, last, 7000)).toMatchObject(NOTHING);
});
