import { expect, it } from "vitest";
import { describeTrend, trendOf } from "../../../src/dashboard/glance/trend.ts";

it("a trend is of the last minute of the trace clock", () => {
  const point = (seconds: number, net: number) => [seconds, net, 0, 0] as [number, number, number, number];
  expect(trendOf([point(0, 0), point(100, 1_000_000), point(130, 1_003_000)])).toBe(100);
  expect(trendOf([point(0, 50)])).toBeNull();
  expect(trendOf([])).toBeNull();
  expect([describeTrend(2048), describeTrend(-2048), describeTrend(3)]).toEqual([
    "▲ 2.0 KiB/s",
    "▼ 2.0 KiB/s",
    "steady",
  ]);
});
