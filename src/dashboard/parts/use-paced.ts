import { useEffect, useRef, useState } from "preact/hooks";

/** The value, changed at most every so often: with one that comes anyway where it can be, so that no frame is drawn for this alone. */
export function usePaced<Value>(value: Value, everyMs: number): Value {
  const shown = useRef({ value, ms: performance.now() });
  const [, drawAgain] = useState(0);
  const leftMs = shown.current.ms + everyMs - performance.now();
  if (leftMs <= 0 && shown.current.value !== value) shown.current = { value, ms: performance.now() };
  const isLate = shown.current.value !== value;
  useEffect(() => {
    if (!isLate) return undefined;
    const timer = setTimeout(() => drawAgain((draws) => draws + 1), leftMs);
    return () => clearTimeout(timer);
  });
  return shown.current.value;
}
