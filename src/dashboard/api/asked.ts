/** What of an account is asked for only while somebody looks at it: one question, whoever looks. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, messageOf } from "./ask.ts";
import { hasCome } from "../state/has-come.ts";
import { page } from "../state/session.ts";
import { pathOfTarget } from "./target-path.ts";
import type { Answer } from "./use-answer.ts";

export interface Asked<Value> {
  readonly answer: ReadonlySignal<Answer<Value>>;
  /** Asks for it as long as whoever calls this is on the page. */
  readonly use: (isWanted?: boolean) => void;
}

/** What a target does not tell now it may tell after its next boot. */
const REFUSED_MS = 15_000;

/** Another run is another account: what was known of the one before is not known of it. Null until something has come. */
const shownRun = computed(() => {
  const { account } = page.value;
  return account !== null && hasCome(account) ? account.source.run : null;
});

/** @param rest of the target's path, such as `inside.json` */
export function asked<Value>(rest: string, everyMs: number): Asked<Value> {
  const answer = signal<Answer<Value>>({ state: "none" });
  const lookers = signal(0);
  const isWanted = computed(() => lookers.value > 0);
  effect(() => {
    const path = pathOfTarget(rest);
    answer.value = { state: "none" };
    // Of a target of which nothing has come yet there is nothing to ask: it may have failed before it began.
    if (!isWanted.value || shownRun.value === null) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = async () => {
      const seen = await look<Value>(path, stop.signal);
      if (stop.signal.aborted) return;
      answer.value = seen;
      timer = setTimeout(() => void next(), seen.state === "failed" ? Math.max(everyMs, REFUSED_MS) : everyMs);
    };
    void next();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  });
  return {
    answer,
    use: (isWanted = true) => {
      useEffect(() => {
        if (!isWanted) return undefined;
        lookers.value += 1;
        return () => {
          lookers.value -= 1;
        };
      }, [isWanted]);
    },
  };
}

async function look<Value>(path: string, signal: AbortSignal): Promise<Answer<Value>> {
  try {
    return { state: "known", value: await ask<Value>(path, signal) };
  } catch (thrown) {
    return { state: "failed", why: messageOf(thrown) };
  }
}
