/** What callers held at a moment of the run, or at the end of an earlier one. */
import { useMemo } from "preact/hooks";
import type { Snapshot } from "../../model/snapshot.ts";
import { windowRows } from "../../model/window-rows.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { useAnswer } from "../api/use-answer.ts";
import type { Account } from "../state/page-state.ts";
import { recent } from "../watch/seen.ts";
import type { WindowAnswer } from "../window/use-window.ts";
import { type Side, unlessKept } from "./moments.ts";

export interface Held {
  readonly side?: Side;
  /** The moment that it is of, trace clock, seconds: the nearest that is known. */
  readonly usedS?: number;
  /** In place of it. */
  readonly why: string;
}

/** @param seconds trace clock; null while nothing is wanted */
export function useHeld(seconds: number | null, account: Account): Held {
  // Held while it is chosen: the samples that the page keeps are thinned, as the server's moments are.
  const own = useMemo(
    () => (seconds === null ? undefined : unlessKept(recent.nearest(seconds), account.series.times, seconds)),
    [seconds],
  );
  const isAsked = seconds !== null && own === undefined;
  // From the beginning on: what changed since is what was held.
  const answer = useAnswer<WindowAnswer>(isAsked ? pathOfTarget(`window.json?to=${seconds}`) : null, 0);
  const { exact, callers } = account;
  const kept = useMemo(
    () => (answer.state === "known" ? { exact, callers: windowRows(answer.value.callers, callers) } : undefined),
    [answer],
  );
  if (own !== undefined) return { side: own, usedS: own.seconds, why: "" };
  if (isAsked && kept !== undefined && answer.state === "known")
    return { side: kept, usedS: answer.value.to.used, why: "" };
  return { why: answer.state === "failed" ? `Nothing to compare with: ${answer.why}` : "Asking for this moment …" };
}

/** @param run null while nothing is wanted */
export function useRun(run: number | null): Held {
  const answer = useAnswer<Snapshot>(run === null ? null : pathOfTarget(`snapshot.json?run=${run}`), 0);
  const side = useMemo(
    () =>
      answer.state !== "known"
        ? undefined
        : { exact: answer.value.exact, callers: new Map(answer.value.callers.map((row) => [row.callSite, row])) },
    [answer],
  );
  if (side !== undefined) return { side, why: "" };
  return { why: answer.state === "failed" ? `Nothing to compare with: ${answer.why}` : `Asking for run ${run} …` };
}
