/** What a flame graph of a window leaves out: what fell in it, what is not listed, and which moments it lies between. */
import { useMemo } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { humanBytes, signedBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";
import { Moment } from "../time/moment.tsx";
import type { WindowAnswer, WindowStack } from "../window/use-window.ts";
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
  const { grew, fell } = useMemo(() => changeOf(stacks), [stacks]);
  return (
    <p class="leaks-note panel-note" data-testid="flame-change" role="note">
      <Moment seconds={from.used} /> to <Moment seconds={to.used} />:{" "}
      {measure === "netBytes" ? (
        <>
          {plural(grew.stacks, "stack")} grew by {humanBytes(grew.bytes)}, which are drawn.{" "}
          {fell.stacks > 0 && (
            <span data-testid="flame-fell">
              {plural(fell.stacks, "stack")} fell by {humanBytes(fell.bytes)} and are not:{" "}
              {fell.callers.slice(0, NAMED).map(({ caller, bytes }, i) => (
                <span key={caller}>
                  {i > 0 && ", "}
                  <code>{caller}</code> {signedBytes(-bytes)}
                </span>
              ))}
              {fell.callers.length > NAMED && ` and ${formatCount(fell.callers.length - NAMED)} more callers`}.{" "}
            </span>
          )}
          Together {signedBytes(totals.netBytes)}.
        </>
      ) : (
        `${humanBytes(totals.totalBytes)} in ${plural(totals.allocs, "allocation")}, whether freed since or not.`
      )}
      {stacksBeyond !== undefined && stacksBeyond.stacks > 0 && (
        <>
          {" "}
          {plural(stacksBeyond.stacks, "more stack")} changed less and {stacksBeyond.stacks === 1 ? "is" : "are"} not
          listed{shown !== undefined && ", whoever their callers"}: {signedBytes(stacksBeyond.netBytes)},{" "}
          {plural(stacksBeyond.allocs, "allocation")}.
        </>
      )}
    </p>
  );
}

function totalsOf(stacks: readonly WindowStack[]): Pick<WindowStack, "netBytes" | "totalBytes" | "allocs"> {
  const totals = { netBytes: 0, totalBytes: 0, allocs: 0 };
  for (const { netBytes, totalBytes, allocs } of stacks) {
    totals.netBytes += netBytes;
    totals.totalBytes += totalBytes;
    totals.allocs += allocs;
  }
  return totals;
}
