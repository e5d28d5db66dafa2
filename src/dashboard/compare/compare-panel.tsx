/** What grew since a moment, or since an earlier run. */
import type { ComponentChildren } from "preact";
import { useContext, useMemo, useState } from "preact/hooks";
import type { DiffStatus } from "../../model/diff.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { useAnswer } from "../api/use-answer.ts";
import { filterCallers } from "../callers/filter-callers.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { useSteady } from "../rings/use-steady.ts";
import type { Account } from "../state/page-state.ts";
import { sayTime } from "../time/clock.ts";
import { ClockContext, Moment } from "../time/moment.tsx";
import { changeView, view } from "../view/view-store.ts";
import { recent } from "../watch/seen.ts";
import { compareCallers, STATUSES } from "./compare-callers.ts";
import { CompareTable } from "./compare-table.tsx";
import { choicesOf, endsOf, parseAgainst, type Side } from "./moments.ts";

const REDRAW_MS = 1000;

interface ComparePanelProps {
  readonly account: Account;
  readonly viewChoice: ComponentChildren;
}

export function ComparePanel({ account, viewChoice }: ComparePanelProps) {
  const { against, filter, window } = view.value;
  const clock = useContext(ClockContext);
  const choices = choicesOf(recent.samples, account.previousRuns, (seconds) => sayTime(clock, seconds));
  // Unless something was chosen: since this page began to watch.
  const chosen = against ?? choices.at(0)?.value ?? null;
  const before = useBefore(chosen);
  const ends = useMemo(() => endsOf(recent.samples, window), [window]);
  const now = useSteady(account, false, REDRAW_MS);
  const [hidden, setHidden] = useState<ReadonlySet<DiffStatus>>(new Set());
  const [from, to] = ends ?? [before.side, now];
  const comparison = useMemo(
    () =>
      from && compareCallers(filterCallers(from.callers.values(), filter), filterCallers(to.callers.values(), filter)),
    [from, to.callers, filter],
  );
  const exact = account.exact && from?.exact !== false;
  // The same element is not looked into: an update between two comparisons draws none of it.
  const table = useMemo(() => {
    const shown = comparison?.functions.filter(({ status }) => !hidden.has(status)) ?? [];
    return <CompareTable functions={shown} exact={exact} />;
  }, [comparison, hidden, exact]);
  return (
    <section class="callers" aria-label="Compare">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
        {ends !== undefined && (
          <p class="callers-count" data-testid="ends">
            <Moment seconds={ends[1].seconds} />, less <Moment seconds={ends[0].seconds} />
          </p>
        )}
        <label class="choice" hidden={ends !== undefined}>
          now, less{" "}
          <select
            class="against"
            value={chosen ?? ""}
            data-testid="against"
            onChange={({ currentTarget }) => changeView({ against: currentTarget.value })}
          >
            {chosen !== null && !choices.some(({ value }) => value === chosen) && (
              <option value={chosen}>{calledOf(chosen, (seconds) => sayTime(clock, seconds))}</option>
            )}
            {choices.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {comparison !== undefined && (
          <>
            <div class="views" role="group" aria-label="Changes shown">
              {STATUSES.map((status) => (
                <button
                  key={status}
                  type="button"
                  class="chip"
                  aria-pressed={!hidden.has(status)}
                  data-status={status}
                  onClick={() => setHidden(toggled(hidden, status))}
                >
                  {formatCount(comparison.statuses[status])} {status}
                </button>
              ))}
            </div>
            <p class="callers-count" data-testid="compare-sum" title={exactBytes(comparison.delta.netBytes)}>
              {exact ? "" : "≈ "}
              {comparison.delta.netBytes > 0 ? "+" : ""}
              {humanBytes(comparison.delta.netBytes)} net
            </p>
          </>
        )}
      </div>
      {comparison === undefined ? <p class="callers-empty">{before.why}</p> : table}
    </section>
  );
}

/** The side that the present is compared with; why there is none otherwise. */
function useBefore(against: string | null): { readonly side?: Side; readonly why: string } {
  const parsed = parseAgainst(against);
  const run = parsed?.kind === "run" ? parsed.run : null;
  const answer = useAnswer<Snapshot>(run === null ? null : pathOfTarget(`snapshot.json?run=${run}`), 0);
  const seconds = parsed?.kind === "moment" ? parsed.seconds : null;
  // Held while it is chosen: the samples that the page keeps are thinned.
  const moment = useMemo(() => (seconds === null ? undefined : recent.nearest(seconds)), [seconds]);
  const ofRun = useMemo(
    () =>
      answer.state !== "known"
        ? undefined
        : {
            exact: answer.value.exact,
            callers: new Map(answer.value.callers.map((row) => [row.callSite, row])),
          },
    [answer, run],
  );
  if (moment !== undefined) return { side: moment, why: "" };
  if (run === null) return { why: "There is no moment yet that the present could be compared with." };
  if (ofRun !== undefined) return { side: ofRun, why: "" };
  return { why: answer.state === "failed" ? `Nothing to compare with: ${answer.why}` : `Asking for run ${run} …` };
}

/** A moment that is no longer among the choices is said as those are. */
function calledOf(against: string, say: (seconds: number) => string): string {
  const parsed = parseAgainst(against);
  return parsed?.kind === "moment" ? say(parsed.seconds) : against;
}

function toggled<One>(set: ReadonlySet<One>, one: One): ReadonlySet<One> {
  const others = new Set(set);
  if (!others.delete(one)) others.add(one);
  return others;
}
