/** The timeline by keys: a cursor that moves, and a window that grows from where it stood. Pure. */
import type { Span } from "../view/view.ts";

export interface Place {
  /** Trace clock, seconds. */
  readonly cursor: number;
  readonly window: Span | null;
}

/** Of the whole timeline. */
const STEP = 1 / 100;
const LEAST = 1 / 1000;

/** Where a key leads to; null for keys that mean nothing here. @param all what the timeline shows */
export function placeForKey(place: Place, key: string, shift: boolean, all: Span): Place | null {
  const step = (all.max - all.min) * STEP;
  switch (key) {
    case "ArrowLeft":
      return moved(place, place.cursor - step, shift, all);
    case "ArrowRight":
      return moved(place, place.cursor + step, shift, all);
    case "PageDown":
      return moved(place, place.cursor - 10 * step, shift, all);
    case "PageUp":
      return moved(place, place.cursor + 10 * step, shift, all);
    case "Home":
      return moved(place, all.min, shift, all);
    case "End":
      return moved(place, all.max, shift, all);
    case "+":
    case "-":
    case "−":
      return place.window === null ? null : { ...place, window: scaled(place.window, key === "+" ? 0.5 : 2, all) };
    default:
      return null;
  }
}

function moved({ cursor, window }: Place, to: number, shift: boolean, all: Span): Place {
  const held = within(to, all);
  if (!shift) return { cursor: held, window };
  // The end that the cursor stands at moves; a window that it is not at an end of gives way to another.
  const anchor =
    window === null ? cursor : cursor === window.max ? window.min : cursor === window.min ? window.max : cursor;
  const span = { min: Math.min(anchor, held), max: Math.max(anchor, held) };
  return { cursor: held, window: span.max > span.min ? span : null };
}

function scaled({ min, max }: Span, by: number, all: Span): Span {
  const half = Math.max(((max - min) * by) / 2, (all.max - all.min) * LEAST);
  const centre = (min + max) / 2;
  return { min: within(centre - half, all), max: within(centre + half, all) };
}

function within(seconds: number, { min, max }: Span): number {
  return Math.min(max, Math.max(min, seconds));
}
