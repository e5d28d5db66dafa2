/** What a flame graph of a window leaves out: what fell in it, what is not listed, and which moments it lies between. */
import { useMemo } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { humanBytes, signedBytes } from "../format/bytes.ts";
import { formatCount, plural, signedCount } from "../format/count.ts";
import { Moment } from "../time/moment.tsx";
import type { WindowAnswer, WindowFigures, WindowStack } from "../window/use-window.ts";
import { changeOf } from "./flame-change.ts";
import { stacksOf } from "./flame-filter.ts";
import type { FlameMeasure } from "./flame-tree.ts";

/** Callers that are named; the table has all. */
const NAMED = 3;

interface FlameWindowProps {
  readonly answer: WindowAnswer;
  /** Callers that a filter shows; absent where there is none. */
  readonly shown: readonly CallerRow[] | undefined;
  readonly measure: FlameMeasure;
}

export function FlameWindow({ answer, shown, measure }: FlameWindowProps) {
  const { from, to, stacks: listed = [], stacksBeyond } = answer;
  const stacks = useMemo(() => (shown === undefined ? listed : stacksOf(listed, shown)), [listed, shown]);
  const totals = shown === undefined ? answer.totals : totalsOf(stacks);
  const changing = measure === "liveObjects" ? measure : "netBytes";
  const { grew, fell } = useMemo(() => changeOf(stacks, changing), [stacks, changing]);
  const isObjects = changing === "liveObjects";
  const amount = (value: number) => (isObjects ? plural(value, "object") : humanBytes(value));
  const change = (value: number) => (isObjects ? signedCount(value) : signedBytes(value));
  return (
    <p class="leaks-note panel-note" data-testid="flame-change" role="note">
      <Moment seconds={from.used} /> to <Moment seconds={to.used} />:{" "}
      {measure === changing ? (
        <>
          {plural(grew.stacks, "stack")} grew by {amount(grew.amount)}, which are drawn.{" "}
          {fell.stacks > 0 && (
            <span data-testid="flame-fell">
              {plural(fell.stacks, "stack")} fell by {amount(fell.amount)} and are not:{" "}
              {fell.callers.slice(0, NAMED).map(({ caller, amount: fallen }, i) => (
                <span key={caller}>
                  {i > 0 && ", "}
                  <code>{caller}</code> {change(-fallen)}
                </span>
              ))}
              {fell.callers.length > NAMED && ` and ${formatCount(fell.callers.length - NAMED)} more callers`}.{" "}
            </span>
          )}
          Together {change(totals[changing])}.
        </>
      ) : (
        `${humanBytes(totals.totalBytes)} in ${plural(totals.allocs, "allocation")}, whether freed since or not.`
      )}
      {stacksBeyond !== undefined && stacksBeyond.stacks > 0 && (
        <>
          {" "}
          {plural(stacksBeyond.stacks, "more stack")} changed less and {stacksBeyond.stacks === 1 ? "is" : "are"} not
          listed{shown !== undefined && ", whoever their callers"}: {change(stacksBeyond[changing])},{" "}
          {plural(stacksBeyond.allocs, "allocation")}.
        </>
      )}
    </p>
  );
}

function totalsOf(stacks: readonly WindowStack[]): Omit<WindowFigures, "frees"> {
  const totals = { netBytes: 0, totalBytes: 0, allocs: 0, liveObjects: 0 };
  for (const { netBytes, totalBytes, allocs, liveObjects } of stacks) {
    totals.netBytes += netBytes;
    totals.totalBytes += totalBytes;
    totals.allocs += allocs;
    totals.liveObjects += liveObjects;
  }
  return totals;
}
