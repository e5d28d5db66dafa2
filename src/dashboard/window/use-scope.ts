/** The whole trace, or the window that was chosen in it: what every view below the timeline is of. */
import { useMemo, useRef } from "preact/hooks";
import type { Answer } from "../api/use-answer.ts";
import type { Account } from "../state/page-state.ts";
import { view } from "../view/view-store.ts";
import { type Scope, wholeScope } from "./scope.ts";
import { useWindow, type WindowAnswer } from "./use-window.ts";
import { windowRows } from "../../model/window-rows.ts";

export function useScope(account: Account): Scope {
  const { window } = view.value;
  const nowS = (account.window.lastEventNs ?? 0) / 1e9;
  const answer = useWindow(window, nowS);
  // Sources may become known later; whoever is known by then is enough.
  const live = useRef(account.callers);
  live.current = account.callers;
  const rows = useMemo(
    () => (answer.state === "known" ? windowRows(answer.value.callers, live.current) : new Map<string, never>()),
    [answer],
  );
  const whole = useMemo(() => wholeScope(account), [account]);
  if (window === null) return whole;
  return {
    kind: "window",
    key: `${whole.key} ${window.min} ${window.max}`,
    callers: rows,
    totals: { netBytes: sumOf(rows) },
    series: whole.series,
    nowS: whole.nowS,
    used: answer.state === "known" ? { min: answer.value.from.used, max: answer.value.to.used } : null,
    nothing: nothingOf(answer),
  };
}

function sumOf(rows: Scope["callers"]): number {
  let sum = 0;
  for (const { netBytes } of rows.values()) sum += netBytes;
  return sum;
}

function nothingOf(answer: Answer<WindowAnswer>): string {
  switch (answer.state) {
    case "failed":
      return `Nothing is known of this window: ${answer.why}`;
    case "known":
      return "Nothing was allocated or freed between the moments that are kept nearest to this window";
    case "none":
    case "asked":
      return "Asking for this window …";
  }
}
