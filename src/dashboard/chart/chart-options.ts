import type uPlot from "uplot";
import { humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { axisLabel, axisSplits, type Clock, TIME_STEPS } from "../time/clock.ts";
import type { Palette } from "./palette.ts";

/** Steps of the byte axis: powers of two, so that its labels are round in KiB and MiB. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);
const COUNT_STEPS = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** Between two labels of the time axis, pixels: room for `1 h 30 m ago`. */
const TIME_SPACE = 84;

// uPlot declares its sides as a const enum, which a file compiled on its own cannot read.
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const RIGHT = 1 as uPlot.Axis.Side;

export interface ChartSetup {
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  readonly showLive: boolean;
  /** Colours of the layers, from the ground up; none for the plain line. */
  readonly layers: readonly string[];
  readonly plugins: uPlot.Plugin[];
  readonly clock: () => Clock;
  readonly onCursor: (index: number | null) => void;
  /** Seconds of the trace clock that were dragged over. */
  readonly onDrag: (min: number, max: number) => void;
}

/** Columns: seconds, net, requested, live objects, then the layers' upper edges from the top down. */
export function chartOptions(setup: ChartSetup): uPlot.Options {
  const { palette, showLive, layers } = setup;
  const stacked = layers.length > 0;
  const axis: uPlot.Axis = {
    stroke: palette.ink,
    font: palette.font,
    grid: { stroke: palette.grid, width: 1 },
    ticks: { show: false },
  };
  return {
    width: setup.width,
    height: setup.height,
    // Above the plot room for the flags of loss, at its right for half a label when there is no second axis.
    padding: [8, showLive ? 0 : 16, 0, 0],
    legend: { show: false },
    cursor: {
      points: { size: 7, show: !stacked },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => null },
    },
    scales: {
      x: { time: false },
      y: { range: (_chart, _min, max) => [0, roomAbove(max, 4096)] },
      live: { range: (_chart, _min, max) => [0, roomAbove(max, 10)] },
    },
    series: [
      {},
      {
        label: "net",
        scale: "y",
        stroke: palette.net,
        width: 1.75,
        points: { show: false },
        ...(stacked && { fill: palette.others }),
      },
      { label: "requested", scale: "y", stroke: palette.requested, width: 1, show: !stacked, points: { show: false } },
      {
        label: "live objects",
        scale: "live",
        stroke: palette.live,
        width: 1,
        dash: [2, 3],
        show: showLive,
        points: { show: false },
      },
      // Each covers what is above the one below it: the topmost is drawn first.
      ...layers.toReversed().map((colour): uPlot.Series => ({
        scale: "y",
        stroke: palette.surface,
        width: 0.5,
        fill: colour,
        points: { show: false },
      })),
    ],
    bands: stacked ? [] : [{ series: [1, 2], fill: palette.waste }],
    axes: [
      {
        ...axis,
        size: 26,
        space: TIME_SPACE,
        incrs: [...TIME_STEPS],
        splits: (_chart, _axis, min, max, step) => axisSplits(setup.clock(), min, max, step),
        values: (_chart, splits) => splits.map((seconds) => axisLabel(setup.clock(), seconds)),
      },
      { ...axis, scale: "y", size: 68, incrs: BYTE_STEPS, values: (_chart, splits) => splits.map(bytesLabel) },
      {
        ...axis,
        scale: "live",
        side: RIGHT,
        size: 68,
        show: showLive,
        incrs: COUNT_STEPS,
        grid: { show: false },
        values: (_chart, splits) => splits.map(formatCount),
      },
    ],
    hooks: {
      setCursor: [(chart) => setup.onCursor(chart.cursor.idx ?? null)],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width <= 0) return;
          setup.onDrag(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
          // What was dragged over is drawn as the window from now on.
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
    plugins: setup.plugins,
  };
}

function roomAbove(max: number | null, least: number): number {
  return Math.max(least, (max ?? 0) * 1.08);
}

function bytesLabel(bytes: number): string {
  return humanBytes(bytes).replace(".0 ", " ");
}
