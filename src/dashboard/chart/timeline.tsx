/** Net bytes over the trace clock: by whom they are held, what happened meanwhile, and the window that every view is of. */
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import { humanBytes } from "../format/bytes.ts";
import { peaksKnown } from "../format/peaks-known.ts";
import { ChoiceChips } from "../parts/choice-chips.tsx";
import type { Account } from "../state/page-state.ts";
import { ClockChoice } from "../time/clock-choice.tsx";
import { ClockContext } from "../time/moment.tsx";
import type { Span } from "../view/view.ts";
import { changeView, setWindow, view } from "../view/view-store.ts";
import { layersOf, type Stacking, STACKINGS } from "./stack.ts";
import { stackNow } from "./stack-now.ts";
import { countSigns, describeSigns } from "./drawn-words.ts";
import { SignList } from "./sign-list.tsx";
import { LayerList, TimelineLegend } from "./timeline-legend.tsx";
import { useTimelineChart } from "./use-timeline-chart.ts";
import { hasLostMoments, momentsApart } from "../window/moments-apart.ts";
import { WindowChip } from "./window-chip.tsx";
import { placeForKey } from "./window-keys.ts";

const WORDS: Record<Stacking, string> = { net: "as one", directories: "by directory", callers: "by caller" };
const NO_NAME: Record<Stacking, string> = { ...WORDS, directories: "by module" };

export interface TimelineProps {
  readonly account: Account;
  /** Between which moments the views below are, where a window is chosen and they are known. */
  readonly used: Span | null;
}

export function Timeline({ account, used }: TimelineProps) {
  const { history, alerts, marks, totals, series, source, callers } = account;
  const { window, moments, stacking: chosen } = view.value;
  const stacking = chosen ?? (account.symbols === undefined ? "callers" : "directories");
  const clock = useContext(ClockContext);
  const [showLive, setShowLive] = useState(false);
  const [index, setIndex] = useState<number | null>(null);
  const [isZoomed, setZoomed] = useState(false);
  const zoom = isZoomed ? window : null;
  const nowS = history.at(-1)?.[0] ?? 0;
  const taken = useMemo(() => layersOf(series, stacking), [series, stacking]);
  const stack = useMemo(
    () => stackNow({ times: series.times, layers: taken }, stacking, callers, nowS),
    [series, taken, stacking, callers, nowS],
  );
  const { layers } = stack;
  const { frame, chart } = useTimelineChart({
    ...{ account, stack, stacking, showLive, zoom, clock },
    // Where its own moments are gone, what is marked is what the views below are of.
    window: window && hasLostMoments(momentsApart(series.times, window), moments) ? (used ?? window) : window,
    onCursor: setIndex,
    onDrag: choose,
  });
  useEffect(() => setZoomed(false), [window === null, source.run]);

  function choose(span: Span | null): void {
    setWindow(span, span && momentsApart(series.times, span));
  }

  function onKeyDown(event: KeyboardEvent): void {
    const drawn = chart.current;
    const first = history.at(0)?.[0];
    const last = history.at(-1)?.[0];
    if (drawn === null || first === undefined || last === undefined) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = zoom ?? { min: first, max: last };
    const cursor = index === null ? (window?.max ?? last) : drawn.data[0][index];
    const next = placeForKey({ cursor, window }, event.key, event.shiftKey, all);
    if (next === null) return;
    event.preventDefault();
    drawn.setCursor({ left: drawn.valToPos(next.cursor, "x"), top: drawn.height / 3 });
    if (next.window !== window) choose(next.window);
  }

  const signs = useMemo(() => countSigns({ alerts, marks }), [alerts, marks]);
  const marked = describeSigns(signs);
  const byName = account.symbols === undefined ? NO_NAME : WORDS;
  return (
    <section class="chart" aria-label="Net bytes over time">
      <div class="section-head">
        <h2>Net over time</h2>
        <ChoiceChips
          label="Net bytes are drawn"
          choices={STACKINGS}
          chosen={stacking}
          words={byName}
          data="stacking"
          onChoose={(name) => changeView({ stacking: name })}
        />
        <ClockChoice />
        <p class="chart-how">
          drag, or <kbd>w</kbd>, for a window
        </p>
      </div>
      <div class="chart-status">
        {window !== null && (
          <WindowChip {...{ window, used, isZoomed }} times={series.times} onZoom={() => setZoomed(!isZoomed)} />
        )}
        <TimelineLegend
          {...{ stacking, showLive, signs }}
          columns={chart.current?.data}
          index={index}
          latest={history.at(-1)}
          onShowLive={setShowLive}
        />
      </div>
      <div class="chart-body">
        <div
          class="chart-frame"
          ref={frame}
          role="group"
          tabIndex={0}
          aria-label={`Net bytes over time: now ${humanBytes(totals.netBytes)}${peaksKnown(totals) ? `, at most ${humanBytes(totals.peakNetBytes)}` : ""}${marked === "" ? "" : `; ${marked}`}. Arrow keys move, with Shift they choose a window.`}
          onKeyDown={onKeyDown}
          onDblClick={() => setWindow(null)}
        />
        <SignList account={account} />
        {layers.length > 0 && <LayerList layers={layers} columns={chart.current?.data} index={index} />}
      </div>
      {history.length === 0 && <p class="chart-empty">No event yet</p>}
    </section>
  );
}
