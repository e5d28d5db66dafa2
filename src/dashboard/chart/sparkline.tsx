/** A small line without axes: how something went. */
import { sparkPath } from "./spark-path.ts";

interface SparklineProps {
  readonly points: readonly (readonly [number, number])[];
  readonly width: number;
  readonly height: number;
  /** For those who do not see it. */
  readonly label: string;
}

export function Sparkline({ points, width, height, label }: SparklineProps) {
  const { line, area } = sparkPath(points, width, height);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="spark-area" d={area} />
      <path class="spark-line" d={line} />
    </svg>
  );
}
