/** The window that was chosen, how exact it is, and the way out of it. */
import { useContext } from "preact/hooks";
import { formatSpan } from "../format/time.ts";
import { sayTime } from "../time/clock.ts";
import { ClockContext, Moment } from "../time/moment.tsx";
import type { Span } from "../view/view.ts";
import { setWindow, view } from "../view/view-store.ts";
import { hasLostMoments, momentsApart } from "../window/moments-apart.ts";

interface ChipProps {
  readonly window: Span;
  readonly used: Span | null;
  /** Of the moments that the server keeps, trace clock, seconds. */
  readonly times: readonly number[];
  readonly isZoomed: boolean;
  readonly onZoom: () => void;
}

const HINT =
  "What callers held is kept at some hundred moments of a run, further apart the longer it is: a window is between the two that are nearest to its ends.";

export function WindowChip({ window, used, times, isZoomed, onZoom }: ChipProps) {
  const clock = useContext(ClockContext);
  const chosen = view.value.moments;
  const apart = momentsApart(times, window);
  const isLost = hasLostMoments(apart, chosen);
  const { min, max } = isLost ? (used ?? window) : window;
  const was = `${sayTime(clock, window.min)} to ${sayTime(clock, window.max)}`;
  return (
    <div class="window-chip" data-testid="window" data-lost={String(isLost)}>
      <span role="status">
        window <Moment seconds={min} /> to <Moment seconds={max} /> ({formatSpan(max - min)})
      </span>
      {apart !== null && (
        <span
          class="window-moments"
          data-testid="moments"
          title={isLost ? `${was} was chosen; its own moments are no longer kept. ${HINT}` : HINT}
        >
          moments of {sayApart(apart)} here{isLost && chosen !== null && <b>, were {sayApart(chosen)}</b>}
        </span>
      )}
      <button type="button" class="chip" aria-pressed={isZoomed} onClick={onZoom}>
        Zoom
      </button>
      <button type="button" class="chip" data-testid="whole" title="Esc" onClick={() => setWindow(null)}>
        Show all
      </button>
    </div>
  );
}

/** Tenths of a second at least: moments are not taken oftener. */
function sayApart(seconds: number): string {
  return formatSpan(Math.max(0.1, seconds));
}
