import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** The size of an element, and a new render when it changes. */
export function useRoom() {
  const frame = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 480, height: 480 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const measure = () =>
      setRoom({ width: Math.max(120, element.clientWidth), height: Math.max(120, element.clientHeight) });
    measure();
    const resizing = new ResizeObserver(measure);
    resizing.observe(element);
    return () => resizing.disconnect();
  }, []);
  return { frame, ...room };
}
