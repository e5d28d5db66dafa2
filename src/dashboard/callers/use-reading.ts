import { useEffect, useRef, useState } from "preact/hooks";

/** A finger leaves the glass to scroll and to look; it is reading for a while longer. */
const AFTER_TOUCH_MS = 4000;

/** Whether somebody reads the rows: the pointer is over them, or one of them has the focus. */
export function useReading() {
  const [pointer, setPointer] = useState(false);
  const [focus, setFocus] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);

  return {
    reading: pointer || focus,
    focus,
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
