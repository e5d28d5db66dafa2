import { useEffect, useRef, useState } from "preact/hooks";

/** A value that comes many times a second, for eyes: it changes once every so often, and not at all while `held`. */
export function useSteady<Value>(value: Value, held: boolean, everyMs: number): Value {
  const [shown, setShown] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  useEffect(() => {
    if (held) return undefined;
    const show = () => setShown(latest.current);
    show();
    const timer = setInterval(show, everyMs);
    return () => clearInterval(timer);
  }, [held, everyMs]);
  return shown;
}
