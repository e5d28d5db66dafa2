import { expect, it } from "vitest";
import { describeTrend, trendOf } from "../../../src/dashboard/glance/trend.ts";

const point = (seconds: number, net: number) => [seconds, net, 0, 0] as [number, number, number, number];

it("a trend is the growth over the last 30 s of the trace clock", () => {
  expect(trendOf([point(0, 0), point(100, 1_000_000), point(130, 1_003_000)], 0)).toBe(3000);
  // Between two points it is as it was at the first.
  expect(trendOf([point(0, 0), point(90, 500), point(110, 800), point(130, 700)], 0)).toBe(200);
});

it("what was there before does not count, however young the trace is", () => {
  const boot = [point(0, 0), point(1, 8_000_000)];
  expect(trendOf([...boot, point(20, 8_000_000)], 0)).toBeNull();
  expect(trendOf([...boot, point(31, 8_000_000)], 0)).toBe(0);
  expect(trendOf([...boot, point(60, 8_000_000)], 0)).toBe(0);
});

it("goes on while nothing comes: what grew before the silence does not grow in it", () => {
  const history = [point(0, 0), point(90, 500), point(100, 8500)];
  expect([0, 19, 20, 29, 30, 300].map((idleS) => trendOf(history, idleS))).toEqual([8500, 8500, 8000, 8000, 0, 0]);
  expect([10, 29, 30].map((idleS) => trendOf([point(7, 50)], idleS))).toEqual([null, null, 0]);
});

it("is not known of a trace that is younger, or of none", () => {
  expect(trendOf([point(0, 50)], 0)).toBeNull();
  expect(trendOf([], 0)).toBeNull();
});

it("is said with its span", () => {
  expect([2048, -2048, 0, null].map(describeTrend)).toEqual([
    "+2.0 KiB in 30 s",
    "−2.0 KiB in 30 s",
    "±0 in 30 s",
    "– in 30 s",
  ]);
});
