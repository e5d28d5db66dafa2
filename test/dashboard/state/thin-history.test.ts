import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { thinHistory } from "../../../src/dashboard/state/thin-history.ts";
import type { HistoryPoint } from "../../../src/model/wire.ts";

describe("thinHistory", () => {
  it("leaves a short history as it is", () => {
    const points: HistoryPoint[] = [[0, 1, 1, 1]];
    expect(thinHistory(points, 4)).toBe(points);
  });

  it("keeps a peak of one sample", () => {
    const points = Array.from({ length: 100_000 }, (_, i): HistoryPoint => [i / 10, i === 77_777 ? 9e9 : i, 0, 0]);
    expect(thinHistory(points, 500).some(([, net]) => net === 9e9)).toBe(true);
  });

  it("gives at most the limit, ends included, in order, and the extremes of net", () => {
    const histories = fc
      .array(fc.tuple(fc.double({ min: 0, max: 1e5, noNaN: true }), fc.integer()), { minLength: 1, maxLength: 300 })
      .map((pairs) => pairs.sort((a, b) => a[0] - b[0]).map(([t, net]): HistoryPoint => [t, net, net, 1]));
    fc.assert(
      fc.property(histories, fc.integer({ min: 4, max: 100 }), (points, limit) => {
        const thin = thinHistory(points, limit);
        expect(thin.length).toBeLessThanOrEqual(limit);
        expect(thin[0]).toBe(points[0]);
        expect(thin.at(-1)).toBe(points.at(-1));
        expect(thin.every((point, i) => i === 0 || points.indexOf(point) > points.indexOf(thin[i - 1]))).toBe(true);
        const nets = (list: readonly HistoryPoint[]) => list.map(([, net]) => net);
        expect(Math.max(...nets(thin))).toBe(Math.max(...nets(points)));
        expect(Math.min(...nets(thin))).toBe(Math.min(...nets(points)));
      }),
    );
  });
});
