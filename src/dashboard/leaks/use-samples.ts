/** Moments at which it is known what callers held: as this page saw them, and of a window also as the server keeps them. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { windowRows } from "../../model/window-rows.ts";
import { ask, messageOf } from "../api/ask.ts";
import { pathOfTarget } from "../api/target-path.ts";
import type { Answer } from "../api/use-answer.ts";
import type { Account } from "../state/page-state.ts";
import { view } from "../view/view-store.ts";
import type { Span } from "../view/view.ts";
import type { Sample } from "../watch/recent.ts";
import { recent } from "../watch/seen.ts";
import type { WindowAnswer } from "../window/use-window.ts";
import { askedOf, isUnseen } from "./kept-moments.ts";
import type { Held } from "./suspects.ts";

export interface Samples {
  readonly samples: readonly Held[];
  /** What the server says of the moments that this page did not see; `none` where it saw the window itself. */
  readonly kept: Answer<readonly Held[]>;
}

/** @param steady changes as often as the samples are to be looked at */
export function useSamples(account: Account, steady: unknown): Samples {
  const { window } = view.value;
  const own = useMemo(() => within(recent.samples, window), [steady, window]);
  const openedS = recent.samples.at(0)?.seconds ?? null;
  const nowS = (account.window.lastEventNs ?? 0) / 1e9;
  const isAsked = window !== null && isUnseen(window, { openedS, samples: own.length, nowS });
  // As they are when they are asked for: thinning leaves others, and tells no more.
  const times = useMemo(
    () => (isAsked ? askedOf(account.series.times, window, openedS) : NONE),
    [isAsked, window, account.source.run],
  );
  const kept = useKept(times, account.callers);
  const samples = useMemo(() => {
    if (!isAsked || kept.state !== "known") return isAsked ? [] : own;
    return [...kept.value, ...own.filter(({ seconds }) => seconds > (kept.value.at(-1)?.seconds ?? -Infinity))];
  }, [isAsked, kept, own]);
  return { samples, kept };
}

const NONE: readonly number[] = [];

function within(samples: readonly Sample[], window: Span | null): readonly Sample[] {
  if (window === null) return samples;
  return samples.filter(({ seconds }) => seconds >= window.min && seconds <= window.max);
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
