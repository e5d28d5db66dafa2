/** uPlot, kept in step with the account, the theme and the size. */
import uPlot from "uplot";
import { useContext, useEffect, useRef } from "preact/hooks";
import { ExactContext } from "../parts/exact-context.ts";
import type { Account } from "../state/page-state.ts";
import type { Clock } from "../time/clock.ts";
import type { Span } from "../view/view.ts";
import { chartOptions } from "./chart-options.ts";
import { layerShades } from "./layer-colour.ts";
import { readPalette } from "./palette.ts";
import { stackedColumns, type Stacking } from "./stack.ts";
import type { Stack } from "./stack-now.ts";
import { timelineMarks } from "./timeline-marks.ts";
import { toColumns } from "./to-columns.ts";
import { useColourScheme } from "./use-colour-scheme.ts";

export interface TimelineChart {
  readonly account: Account;
  readonly stack: Stack;
  readonly stacking: Stacking;
  readonly showLive: boolean;
  /** As it is drawn. */
  readonly window: Span | null;
  /** What the chart shows, where that is not all. */
  readonly zoom: Span | null;
  readonly clock: Clock;
  readonly onCursor: (index: number | null) => void;
  readonly onDrag: (window: Span) => void;
}

/** More points than pixels only cost time. */
const POINTS_PER_PIXEL = 1;

export function useTimelineChart(chart: TimelineChart) {
  const frame = useRef<HTMLDivElement>(null);
  const made = useRef<uPlot | null>(null);
  const latest = useRef(chart);
  latest.current = chart;
  const { account, stack, stacking, showLive, window, zoom, clock } = chart;
  const exact = useContext(ExactContext);
  const scheme = useColourScheme();
  const names = stack.layers.map(({ name }) => name).join("\n");

  // Colours, layers and axes are fixed when uPlot is made: another theme or another layer is another chart.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const palette = readPalette(element);
    const drawn = new uPlot(
      chartOptions({
        ...sizeOf(element),
        palette,
        showLive,
        layers: layerShades(latest.current.stack.layers.map(({ name }) => name)).map((shade) => shade[scheme]),
        plugins: [timelineMarks(() => ({ ...latest.current.account, window: latest.current.window }), palette)],
        clock: () => latest.current.clock,
        onCursor: (index) => latest.current.onCursor(index),
        onDrag: (min, max) => latest.current.onDrag({ min, max }),
      }),
      dataOf(latest.current, element.clientWidth),
      element,
    );
    made.current = drawn;
    const resizing = new ResizeObserver(() => drawn.setSize(sizeOf(element)));
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      drawn.destroy();
      made.current = null;
    };
  }, [scheme, exact, showLive, stacking, names]);

  const { history, alerts, marks } = account;
  useEffect(() => {
    const drawn = made.current;
    if (drawn === null) return;
    drawn.batch(() => {
      drawn.setData(dataOf(latest.current, drawn.width), zoom === null);
      if (zoom !== null) drawn.setScale("x", { min: zoom.min, max: zoom.max });
      // uPlot makes labels anew where a scale has changed: while nothing happens the clock alone goes on.
      drawn.redraw(false, true);
    });
  }, [history, stack, alerts, marks, window, zoom, clock, scheme, exact, showLive, stacking, names]);
  return { frame, chart: made };
}

function dataOf({ account, stack, zoom }: TimelineChart, width: number): uPlot.AlignedData {
  const columns = toColumns(account.history, Math.max(200, width * POINTS_PER_PIXEL), zoom);
  return [...columns, ...stackedColumns(stack.times, stack.layers, columns[0]).toReversed()];
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: Math.max(100, element.clientWidth), height: Math.max(80, element.clientHeight) };
}
