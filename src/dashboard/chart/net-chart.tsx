/** Net bytes over the trace clock. uPlot draws; this file keeps it in step with the account, the theme and the size. */
import uPlot from "uplot";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { HistoryPoint } from "../../model/wire.ts";
import { humanBytes } from "../format/bytes.ts";
import { peaksKnown } from "../format/peaks-known.ts";
import { ExactContext } from "../parts/exact-context.ts";
import type { Account } from "../state/page-state.ts";
import { ChartLegend } from "./chart-legend.tsx";
import { chartOptions } from "./chart-options.ts";
import { lossMarks } from "./loss-marks.ts";
import { readPalette } from "./palette.ts";
import { type Columns, type Span, toColumns } from "./to-columns.ts";
import { useColourScheme } from "./use-colour-scheme.ts";

/** More points than pixels only cost time. */
const POINTS_PER_PIXEL = 1;

export function NetChart({ account }: { readonly account: Account }) {
  const { history, alerts, totals } = account;
  const losses = useMemo(() => alerts.filter(({ level }) => level === "lost"), [alerts]);
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [showLive, setShowLive] = useState(false);
  const [cursor, setCursor] = useState<number | null>(null);
  const [zoom, setZoom] = useState<Span | null>(null);
  const exact = useContext(ExactContext);
  const scheme = useColourScheme();
  // What the hooks of a chart made earlier look at.
  const latest = useRef({ losses, history, zoom });
  latest.current = { losses, history, zoom };

  const run = account.source.run;
  useEffect(() => setZoom(null), [run]);

  // Colours and axes are fixed when uPlot is made: another theme or another axis is another chart.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const palette = readPalette(element);
    const made = new uPlot(
      chartOptions({
        ...sizeOf(element),
        palette,
        showLive,
        plugins: [lossMarks(() => latest.current.losses, palette.danger)],
        onCursor: setCursor,
        onZoom: (min, max) => setZoom({ min, max }),
      }),
      toColumns(latest.current.history, element.clientWidth * POINTS_PER_PIXEL, latest.current.zoom),
      element,
    );
    chart.current = made;
    const resizing = new ResizeObserver(() => made.setSize(sizeOf(element)));
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [scheme, exact, showLive]);

  useEffect(() => {
    const drawn = chart.current;
    if (drawn === null) return;
    const columns = toColumns(history, Math.max(200, drawn.width * POINTS_PER_PIXEL), zoom);
    drawn.batch(() => {
      drawn.setData(columns, zoom === null);
      if (zoom !== null) drawn.setScale("x", { min: zoom.min, max: zoom.max });
    });
  }, [history, losses, zoom, scheme, exact, showLive]);

  const pointed = cursor === null ? null : pointAt(chart.current?.data as Columns | undefined, cursor);
  return (
    <section class="chart" aria-label="Net bytes over time">
      <div class="section-head">
        <h2>Net over trace time</h2>
        {zoom !== null && (
          <button type="button" onClick={() => setZoom(null)}>
            Show all
          </button>
        )}
        <ChartLegend
          point={pointed ?? history.at(-1) ?? null}
          underPointer={pointed !== null}
          losses={losses.length}
          showLive={showLive}
          onShowLive={setShowLive}
        />
      </div>
      <div
        class="chart-frame"
        ref={frame}
        role="img"
        aria-label={`Net bytes over the trace clock: now ${humanBytes(totals.netBytes)}${peaksKnown(totals) ? `, at most ${humanBytes(totals.peakNetBytes)}` : ""}; ${losses.length} losses marked`}
        onDblClick={() => setZoom(null)}
      />
      {history.length === 0 && <p class="chart-empty">No event yet</p>}
    </section>
  );
}

function sizeOf(element: HTMLElement): { width: number; height: number } {
  return { width: Math.max(100, element.clientWidth), height: Math.max(80, element.clientHeight) };
}

function pointAt(columns: Columns | undefined, index: number): HistoryPoint | null {
  if (columns === undefined || index >= columns[0].length) return null;
  return [columns[0][index], columns[1][index], columns[2][index], columns[3][index]];
}
