import { describe, expect, it } from "vitest";
import { History } from "../../src/capture/history.ts";
import type { HistoryPoint } from "../../src/model/wire.ts";

const point = (i: number): HistoryPoint => [i, i * 10, i * 9, i];

describe("History", () => {
  it("keeps points in order, and says which it added", () => {
    const history = new History();
    expect(history.add(point(1))).toBe(true);
    expect(history.add(point(2))).toBe(true);
    expect(history.points).toEqual([point(1), point(2)]);
  });

  it("adds nothing while nothing changes", () => {
    const history = new History();
    history.add(point(1));
    expect(history.add(point(1))).toBe(false);
    expect(history.add([1, 10, 9, 2])).toBe(true);
    expect(history.points.length).toBe(2);
  });

  it("thins what is old when it grows, and keeps first, last and order", () => {
    const history = new History();
    for (let i = 0; i < 20_000; i++) history.add(point(i));
    const times = history.points.map(([time]) => time);
    expect(times.length).toBeLessThanOrEqual(4000);
    expect(times.length).toBeGreaterThan(2000);
    expect([times[0], times.at(-1)]).toEqual([0, 19_999]);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(times.slice(-1000)).toEqual(Array.from({ length: 1000 }, (_, i) => 19_000 + i));
  });
});
