import {
  Virtualizer,
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
} from "@tanstack/virtual-core";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface VirtualRows {
  readonly count: number;
  readonly rowHeight: number;
  /** Height of the head, which stays above the rows while they scroll. */
  readonly headHeight: number;
  /** A row that is kept though it is out of sight, such as the one with the focus; -1 for none. */
  readonly pinned: number;
  /** Rows that are open, and by how much that makes them taller. */
  readonly taller: readonly number[];
  readonly tallerBy: number;
}

/** Only the rows in sight and a few around them exist. */
export function useVirtualRows({ count, rowHeight, headHeight, pinned, taller, tallerBy }: VirtualRows) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, setDraws] = useState(0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: (index: number) => (taller.includes(index) ? rowHeight + tallerBy : rowHeight),
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight,
    overscan: 6,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const rows = defaultRangeExtractor(range);
      if (pinned < 0 || pinned >= count || rows.includes(pinned)) return rows;
      return [...rows, pinned].sort((a, b) => a - b);
    },
    onChange: () => setDraws((draws) => draws + 1),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLTableRowElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  // Another height makes every measurement kept so far wrong.
  useLayoutEffect(() => virtualizer.measure(), [rowHeight, taller.join(",")]);
  return { scroller, virtualizer };
}
