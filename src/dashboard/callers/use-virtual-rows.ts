import {
  Virtualizer,
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
} from "@tanstack/virtual-core";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** As in styles/callers.css. Fingers need more room than a mouse. */
export const ROW_HEIGHT = matchMedia("(pointer: coarse)").matches ? 36 : 26;
/** Of the head, which stays above the rows while they scroll. */
export const HEAD_HEIGHT = 30;

interface VirtualRows {
  readonly count: number;
  /** A row that is kept though it is out of sight, such as the one with the focus; -1 for none. */
  readonly pinned?: number;
  /** Rows that are open, and by how much that makes them taller. */
  readonly taller?: readonly number[];
  readonly tallerBy?: number;
}

const NONE: readonly number[] = [];

/** Rows above and below those in sight that exist too. */
const AROUND = 4;
/** Rows come and go by so many: where none does the browser moves what it has drawn, and more at once would not fit between two frames. */
const STEP = 4;

/** Only the rows in sight and a few around them exist. */
export function useVirtualRows({ count, pinned = -1, taller = NONE, tallerBy = 0 }: VirtualRows) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, setDraws] = useState(0);
  const drawn = useRef("");
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: (index: number) => (taller.includes(index) ? ROW_HEIGHT + tallerBy : ROW_HEIGHT),
    scrollMargin: HEAD_HEIGHT,
    scrollPaddingStart: HEAD_HEIGHT,
    overscan: 0,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const rows = defaultRangeExtractor(stepped(range));
      if (pinned < 0 || pinned >= count || rows.includes(pinned)) return rows;
      return [...rows, pinned].sort((a, b) => a - b);
    },
    onChange: (changed: Virtualizer<HTMLDivElement, HTMLTableRowElement>) => {
      if (placesOf(changed) !== drawn.current) setDraws((draws) => draws + 1);
    },
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLTableRowElement>(options));
  virtualizer.setOptions(options);
  drawn.current = placesOf(virtualizer);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  // Another height makes every measurement kept so far wrong.
  useLayoutEffect(() => virtualizer.measure(), [taller.join(",")]);
  return { scroller, virtualizer };
}

type Range = Parameters<typeof defaultRangeExtractor>[0];

/** The range and what is around it, in whole steps. */
function stepped({ startIndex, endIndex, count, overscan }: Range): Range {
  return {
    ...{ count, overscan },
    startIndex: Math.max(0, Math.floor((startIndex - AROUND) / STEP) * STEP),
    endIndex: Math.min(count, Math.ceil((endIndex + 1 + AROUND) / STEP) * STEP) - 1,
  };
}

/** Which rows exist, and where: the same again need not be drawn again. */
function placesOf(virtualizer: Virtualizer<HTMLDivElement, HTMLTableRowElement>): string {
  const places = virtualizer.getVirtualItems().map(({ index, start }) => `${index} ${start}`);
  return [...places, virtualizer.getTotalSize()].join();
}
