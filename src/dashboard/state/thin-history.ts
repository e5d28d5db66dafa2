import type { HistoryPoint } from "../../model/wire.ts";

/**
 * At most `limit` (≥ 4) of the points, spread evenly over the trace clock, the first and the last among them.
 *
 * Of each stretch of time the points with the least and the most net bytes stay: a peak of one sample must not vanish
 * from the drawing, because it may be what the viewer came for.
 */
export function thinHistory(points: readonly HistoryPoint[], limit: number): readonly HistoryPoint[] {
  if (points.length <= limit) return points;
  const first = points[0];
  const last = points[points.length - 1];
  const stretches = Math.max(1, Math.floor((limit - 2) / 2));
  const perSecond = stretches / Math.max(last[0] - first[0], Number.EPSILON);

  const kept: HistoryPoint[] = [first];
  let at = 1;
  while (at < points.length - 1) {
    const stretch = stretchOf(points[at][0] - first[0], perSecond, stretches);
    let least = at;
    let most = at;
    for (; at < points.length - 1 && stretchOf(points[at][0] - first[0], perSecond, stretches) <= stretch; at++) {
      if (points[at][1] < points[least][1]) least = at;
      if (points[at][1] > points[most][1]) most = at;
    }
    kept.push(points[Math.min(least, most)]);
    if (least !== most) kept.push(points[Math.max(least, most)]);
  }
  kept.push(last);
  return kept;
}

function stretchOf(seconds: number, perSecond: number, stretches: number): number {
  return Math.min(stretches - 1, Math.floor(seconds * perSecond));
}
