/** Moments at which it is known what callers held: as this page saw them, and before it was opened as the server keeps them. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { windowRows } from "../../model/window-rows.ts";
import { ask, messageOf } from "../api/ask.ts";
import { pathOfTarget } from "../api/target-path.ts";
import type { Answer } from "../api/use-answer.ts";
import type { Account } from "../state/page-state.ts";
import type { Span } from "../view/view.ts";
import type { Sample } from "../watch/recent.ts";
import { recent } from "../watch/seen.ts";
import type { WindowAnswer } from "../window/use-window.ts";
import { askedOf, isUnseen, runBefore } from "./kept-moments.ts";
import type { Held } from "./suspects.ts";

export interface Samples {
  readonly samples: readonly Held[];
  /** What the server says of the moments that this page did not see; `none` where it saw the window, or the run, itself. */
  readonly kept: Answer<readonly Held[]>;
}

/**
 * @param steady changes as often as the samples are to be looked at
 * @param span of which they are; null for the whole run
 */
export function useSamples(account: Account, steady: unknown, span: Span | null): Samples {
  const own = useMemo(() => within(recent.samples, span), [steady, span]);
  const openedS = recent.samples.at(0)?.seconds ?? null;
  const nowS = (account.window.lastEventNs ?? 0) / 1e9;
  const whole = span ?? runBefore(account.series.times, openedS);
  const isAsked = whole !== null && (span === null || isUnseen(span, { openedS, samples: own.length, nowS }));
  // As they are when they are asked for: thinning leaves others, and tells no more.
  const times = useMemo(
    () => (isAsked ? askedOf(account.series.times, whole, openedS) : NONE),
    [isAsked, span, account.source.run],
  );
  const kept = useKept(times, account.callers);
  const samples = useMemo(() => {
    if (!isAsked) return own;
    // What this page saw tells of the run, too, but not of a part that it did not.
    if (kept.state !== "known") return kept.state === "failed" && span === null ? own : [];
    return [...kept.value, ...own.filter(({ seconds }) => seconds > (kept.value.at(-1)?.seconds ?? -Infinity))];
  }, [isAsked, kept, own, span]);
  return { samples, kept };
}

const NONE: readonly number[] = [];

function within(samples: readonly Sample[], span: Span | null): readonly Sample[] {
  if (span === null) return samples;
  return samples.filter(({ seconds }) => seconds >= span.min && seconds <= span.max);
}

/** One after the other: the server has others to answer, too. */
function useKept(times: readonly number[], live: Account["callers"]): Answer<readonly Held[]> {
  const [answer, setAnswer] = useState<Answer<readonly Held[]>>({ state: "none" });
  const path = pathOfTarget("window.json");
  useEffect(() => {
    if (times === NONE) {
      setAnswer({ state: "none" });
      return undefined;
    }
    const stop = new AbortController();
    setAnswer({ state: "asked" });
    const all = async () => {
      const held: Held[] = [];
      for (const time of times) {
        const { to, callers } = await ask<WindowAnswer>(`${path}?to=${time}`, stop.signal);
        held.push({ seconds: to.used, callers: windowRows(callers, live) });
      }
      return held;
    };
    all().then(
      (value) => !stop.signal.aborted && setAnswer({ state: "known", value }),
      (thrown: unknown) => !stop.signal.aborted && setAnswer({ state: "failed", why: messageOf(thrown) }),
    );
    return () => stop.abort();
  }, [times, path]);
  return answer;
}
