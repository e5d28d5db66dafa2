import { useEffect, useState } from "preact/hooks";
import { ask, messageOf } from "./ask.ts";

export type Answer<Value> =
  | { readonly state: "none" | "asked" }
  | { readonly state: "known"; readonly value: Value }
  | { readonly state: "failed"; readonly why: string };

/**
 * What the server says at a path, asked again every so often.
 *
 * @param path null while nothing is wanted
 * @param everyMs 0 for once
 */
export function useAnswer<Value>(path: string | null, everyMs: number): Answer<Value> {
  const [answer, setAnswer] = useState<Answer<Value>>({ state: "none" });
  useEffect(() => {
    if (path === null) {
      setAnswer({ state: "none" });
      return undefined;
    }
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setAnswer({ state: "asked" });
    const next = async () => {
      try {
        setAnswer({ state: "known", value: await ask<Value>(path, stop.signal) });
      } catch (thrown) {
        if (stop.signal.aborted) return;
        setAnswer({ state: "failed", why: messageOf(thrown) });
      }
      // The next question waits for this answer: a slow server is not asked twice at once.
      if (everyMs > 0 && !stop.signal.aborted) timer = setTimeout(() => void next(), everyMs);
    };
    void next();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  return answer;
}
