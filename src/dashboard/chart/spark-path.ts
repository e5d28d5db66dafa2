/** The paths of a sparkline. Pure. */

export interface SparkPath {
  readonly line: string;
  /** Down to nought. */
  readonly area: string;
}

const EMPTY: SparkPath = { line: "", area: "" };

/** @param points `[x, y]`, x never falling; the line begins at nought, so that a small change does not look like a large one */
export function sparkPath(points: readonly (readonly [number, number])[], width: number, height: number): SparkPath {
  const first = points.at(0);
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return EMPTY;
  const span = Math.max(last[0] - first[0], Number.EPSILON);
  const most = Math.max(...points.map(([, y]) => y), 1);
  const least = Math.min(...points.map(([, y]) => y), 0);
  const place = ([x, y]: readonly [number, number]) =>
    `${round(((x - first[0]) / span) * width)},${round(height - ((y - least) / (most - least)) * (height - 2) - 1)}`;
  const line = `M${points.map(place).join("L")}`;
  const ground = round(height - ((0 - least) / (most - least)) * (height - 2) - 1);
  return { line, area: `${line}L${round(width)},${ground}L0,${ground}Z` };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
