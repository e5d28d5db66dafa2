import { expect, it } from "vitest";
import type { Mark } from "../../../src/model/wire.ts";
import { askedOf, isUnseen, runBefore, whileItRan } from "../../../src/dashboard/leaks/kept-moments.ts";

const window = { min: 10, max: 20 };

it("a window is unseen that the page was opened after, or has too few samples left of", () => {
  const isUnseenBy = (openedS: number | null, samples: number, nowS: number) =>
    isUnseen(window, { openedS, samples, nowS });
  expect([isUnseenBy(null, 0, 30), isUnseenBy(25, 0, 30), isUnseenBy(12, 9, 30), isUnseenBy(5, 2, 30)]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(isUnseenBy(5, 10, 30)).toBe(false);
  // More of it will come.
  expect(isUnseenBy(5, 2, 15)).toBe(false);
});

it("of it the server is asked for some moments, evenly over what the page did not see", () => {
  const times = Array.from({ length: 300 }, (_, i) => i / 10);
  const all = askedOf(times, window, 25);
  expect([all.length, all.at(0), all.at(-1)]).toEqual([9, 10, 20]);
  const apart = all.slice(1).map((time, i) => Math.round((time - all[i]) * 10));
  expect(Math.max(...apart) - Math.min(...apart)).toBeLessThanOrEqual(1);
  expect(askedOf(times, window, 12).at(-1)).toBe(11.9);
  expect(askedOf(times, window, 5).at(-1)).toBe(20);
  expect(askedOf([3, 11, 15, 25], window, null)).toEqual([11, 15]);
});

it("without a window it is of the run from its first moment on, until the page was opened", () => {
  const times = Array.from({ length: 400 }, (_, i) => 2 + i / 10);
  const before = runBefore(times, 30);
  expect(before).toEqual({ min: 2, max: 30 });
  const asked = askedOf(times, before ?? window, 30);
  expect([asked.length, asked.at(0), asked.at(-1)]).toEqual([9, 2, 29.9]);
  // Before the page has a sample of its own.
  expect(runBefore(times, null)).toEqual({ min: 2, max: Infinity });
  // It watched from there, or nothing is kept.
  expect([runBefore(times, 2), runBefore([], 30), runBefore([], null)]).toEqual([null, null, null]);
});

it("with a workload it is of the time in which the last one ran, open until it is over", () => {
  const mark = (kind: Mark["kind"], seconds: number): Mark => ({ kind, timeNs: seconds * 1e9, atMs: 0, text: "load" });
  const phase = (from: number) => [mark("phase-begin", from), mark("phase-end", from + 1)];
  const marks = [1, 5, 7].flatMap(phase);
  const progress = { phases: 2, rounds: 2, running: null, over: false };
  expect(whileItRan(marks, progress)).toEqual({ min: 5, max: Infinity });
  expect(whileItRan(marks, { ...progress, over: true })).toEqual({ min: 5, max: 8 });
  expect(whileItRan([...marks, mark("phase-begin", 9)], { ...progress, phases: 3 })?.min).toBe(5);
  expect(whileItRan([], undefined)).toBeNull();
  expect(whileItRan([], { ...progress, phases: 0 })).toBeNull();
  // Its first mark is no longer kept.
  expect(whileItRan(marks, { ...progress, phases: 4 })).toBeNull();
});
