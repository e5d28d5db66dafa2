/** What grew since a moment, or since an earlier run. */
import type { ComponentChildren } from "preact";
import { useContext, useMemo, useState } from "preact/hooks";
import type { DiffStatus } from "../../model/diff.ts";
import { filterCallers } from "../callers/filter-callers.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { useSteady } from "../rings/use-steady.ts";
import { isOver } from "../state/is-over.ts";
import type { Account } from "../state/page-state.ts";
import { sayTime } from "../time/clock.ts";
import { ClockContext, Moment } from "../time/moment.tsx";
import { changeView, view } from "../view/view-store.ts";
import { recent } from "../watch/seen.ts";
import { compareCallers, STATUSES } from "./compare-callers.ts";
import { CompareTable } from "./compare-table.tsx";
import { choicesOf, firstOf, parseAgainst } from "./moments.ts";
import { type Held, useHeld, useRun } from "./use-held.ts";

const REDRAW_MS = 1000;
/** A moment that is as far from the one that was chosen is said, seconds. */
const FAR_S = 0.05;

interface ComparePanelProps {
  readonly account: Account;
  readonly viewChoice: ComponentChildren;
}

export function ComparePanel({ account, viewChoice }: ComparePanelProps) {
  const { against, filter, window } = view.value;
  const clock = useContext(ClockContext);
  const now = useSteady(account, false, REDRAW_MS);
  // A list that is open must not be made anew with every update.
  const choices = useMemo(
    () =>
      choicesOf(
        {
          ...{ times: now.series.times, marks: now.marks, runs: now.previousRuns },
          openedS: recent.samples.at(0)?.seconds ?? null,
        },
        (seconds) => sayTime(clock, seconds),
      ),
    [now, clock.kind],
  );
  const lastS = (now.window.lastEventNs ?? 0) / 1e9;
  const chosen = against ?? firstOf(choices, isOver(now.link), lastS);
  const parsed = window === null ? parseAgainst(chosen) : undefined;
  const isRun = parsed?.kind === "run";
  const ofRun = useRun(isRun ? parsed.run : null);
  const atMoment = useHeld(window?.min ?? (parsed?.kind === "moment" ? parsed.seconds : null), account);
  const before = isRun ? ofRun : atMoment;
  // A window that reaches to the present goes on.
  const isPast = window !== null && window.max < lastS;
  const atEnd = useHeld(isPast ? window.max : null, account);
  const after: Held = isPast ? atEnd : { side: now, usedS: lastS, why: "" };
  const [hidden, setHidden] = useState<ReadonlySet<DiffStatus>>(new Set());
  // Both ends of a short window may be nearest to one moment.
  const isOne = window !== null && before.usedS !== undefined && before.usedS === after.usedS;
  const comparison = useMemo(() => {
    if (before.side === undefined || after.side === undefined || isOne) return undefined;
    const [from, to] = [before.side, after.side].map(({ callers }) => filterCallers(callers.values(), filter));
    return compareCallers(from, to);
  }, [before.side, after.side, isOne, filter]);
  const exact = account.exact && before.side?.exact !== false;
  // The same element is not looked into: an update between two comparisons draws none of it.
  const table = useMemo(() => {
    const shown = comparison?.functions.filter(({ status }) => !hidden.has(status)) ?? [];
    return <CompareTable functions={shown} {...{ exact, isPast }} />;
  }, [comparison, hidden, exact, isPast]);
  return (
    <section class="callers" aria-label="Compare">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
        {window !== null && before.usedS !== undefined && after.usedS !== undefined && (
          <p class="callers-count" data-testid="ends">
            <Moment seconds={after.usedS} />, less <Moment seconds={before.usedS} />
          </p>
        )}
        <label class="choice" hidden={window !== null}>
          now, less{" "}
          <select
            class="against"
            value={chosen ?? ""}
            data-testid="against"
            onChange={({ currentTarget }) => changeView({ against: currentTarget.value })}
          >
            {chosen !== null && ![...choices.values()].flat().some(({ value }) => value === chosen) && (
              <option value={chosen}>{calledOf(chosen, (seconds) => sayTime(clock, seconds))}</option>
            )}
            {[...choices].map(([group, some]) => (
              <optgroup key={group} label={group}>
                {some.map(({ value, label }, i) => (
                  <option key={i} value={value}>
                    {label}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        {parsed?.kind === "moment" && Math.abs((before.usedS ?? parsed.seconds) - parsed.seconds) >= FAR_S && (
          <p class="callers-count" data-testid="nearest">
            as of <Moment seconds={before.usedS ?? 0} />, the nearest moment that is kept
          </p>
        )}
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
      {comparison === undefined ? <p class="callers-empty">{whyNone(chosen, isOne, before, after)}</p> : table}
    </section>
  );
}

function whyNone(chosen: string | null, isOne: boolean, before: Held, after: Held): string {
  if (isOne) return "The moments that are kept nearest to both ends of this window are one: a longer window tells.";
  if (chosen === null) return "There is no moment yet that the present could be compared with.";
  return before.why === "" ? after.why : before.why;
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
