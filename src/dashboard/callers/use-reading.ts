import { useEffect, useRef, useState } from "preact/hooks";

/** A finger leaves the glass to scroll and to look; it is reading for a while longer. */
const AFTER_TOUCH_MS = 4000;

/** So long after the last scrolling somebody still looks for something. */
const AFTER_SCROLL_MS = 1500;

/** Whether somebody reads the rows: the pointer is over them, one of them has the focus, or they are being scrolled. */
export function useReading() {
  const [pointer, setPointer] = useState(false);
  const [focus, setFocus] = useState(false);
  const [scroll, setScroll] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const scrollTimer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      clearTimeout(scrollTimer.current);
    },
    [],
  );

  return {
    reading: pointer || focus || scroll,
    focus,
    onScroll: () => {
      clearTimeout(scrollTimer.current);
      scrollTimer.current = setTimeout(() => setScroll(false), AFTER_SCROLL_MS);
      setScroll(true);
    },
    handlers: {
      onPointerEnter: () => {
        clearTimeout(timer.current);
        setPointer(true);
      },
      onPointerLeave: (event: PointerEvent) => {
        clearTimeout(timer.current);
        if (event.pointerType === "mouse") setPointer(false);
        else timer.current = setTimeout(() => setPointer(false), AFTER_TOUCH_MS);
      },
      onFocusIn: () => setFocus(true),
      onFocusOut: () => setFocus(false),
    },
  };
}
