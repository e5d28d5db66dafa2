/** What may be leaking: what the phases of a workload left behind, and what only grew while this page watched. */
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { filterCallers } from "../callers/filter-callers.ts";
import { isIn } from "../chart/phases.ts";
import { plural } from "../format/count.ts";
import { useSteady } from "../rings/use-steady.ts";
import type { Account } from "../state/page-state.ts";
import { changeView, view } from "../view/view-store.ts";
import { VerdictLine } from "../workload/verdict-line.tsx";
import { useWorkload } from "../workload/use-workload.ts";
import { useGrowthSpan, type GrowthSpan } from "./growth-span.ts";
import { phaseChanges } from "./phase-changes.ts";
import { PhasesTable } from "./phases-table.tsx";
import { SuspectsTable } from "./suspects-table.tsx";
import { LEAST_SAMPLES, suspectsOf } from "./suspects.ts";
import { type Samples, useSamples } from "./use-samples.ts";

const REDRAW_MS = 2000;
const TOO_FEW = "Too few moments yet: this takes some seconds of a target that allocates.";
/** More phases than that are folded. */
const OPEN_PHASES = 8;

interface LeaksPanelProps {
  readonly account: Account;
  readonly viewChoice: ComponentChildren;
}

export function LeaksPanel({ account, viewChoice }: LeaksPanelProps) {
  const steady = useSteady(account.callers, false, REDRAW_MS);
  const { filter, window } = view.value;
  const workload = useWorkload(account);
  const span = useGrowthSpan(account);
  const { samples, kept } = useSamples(account, steady, span.value);
  const suspects = useMemo(() => suspectsOf(samples), [samples]);
  const shown = useMemo(() => {
    const rows = new Set(
      filterCallers(
        suspects.map(({ row }) => row),
        filter,
      ),
    );
    return suspects.filter(({ row }) => rows.has(row));
  }, [suspects, filter]);
  const phases = useMemo(() => {
    // For a moment none, rather than figures off the chart that others replace.
    if (account.workload !== undefined && (workload.state === "none" || workload.state === "asked")) return [];
    const told = workload.state === "known" ? workload.value.phases : [];
    return phaseChanges(account.marks, account.history, told).filter((phase) => isIn(phase, window));
  }, [steady, window, workload]);
  return (
    <section class="callers" aria-label="Leaks">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
      </div>
      <div class="callers-scroll leaks" tabIndex={0} role="group" aria-label="What may be leaking">
        {account.workload !== undefined && (
          <section class="leaks-part" aria-label="Verdict on the workload">
            {workload.state === "known" && <VerdictLine workload={workload.value} />}
            <p class="leaks-note">
              The rounds of a workload tell a leak from a cache, with a verdict for each caller:{" "}
              <button type="button" class="chip" onClick={() => changeView({ panel: "workload" })}>
                see Workload
              </button>
            </p>
          </section>
        )}
        <section class="leaks-part" aria-label="Growing">
          <h3>Grew steadily {span.inWords}</h3>
          <p class="leaks-note" data-testid="grew">
            {samples.length < LEAST_SAMPLES
              ? whyTooFew(kept, span.what)
              : `Over ${((samples.at(-1)?.seconds ?? 0) - samples[0].seconds).toFixed(1)} s of trace clock. A suspicion, no verdict: a cache that fills looks the same. Its moments are those at which this page looked${kept.state === "known" ? ", and before it was opened some that the server keeps" : kept.state === "failed" ? `; of those that the server keeps nothing is known: ${kept.why}` : ""}.`}
          </p>
          {shown.length > 0 && <SuspectsTable suspects={shown} exact={account.exact} />}
          {shown.length === 0 && samples.length >= LEAST_SAMPLES && <p>{NONE_GREW}</p>}
        </section>
        {phases.length > 0 && (
          <details class="leaks-part" open={phases.length <= OPEN_PHASES}>
            <summary>
              <h3>What changed in each phase</h3>
            </summary>
            <p class="leaks-note">
              What was allocated less what was freed while a phase ran, by the account of the workload
              {workload.state === "known" && ` (scope ${workload.value.scope})`}; of a workload before that one, read
              off the chart. Of the callers, what half a second before and after changed, too. What a phase's own
              objects left is in the view Workload.
            </p>
            <PhasesTable phases={phases} nowS={(account.window.lastEventNs ?? 0) / 1e9} exact={account.exact} />
          </details>
        )}
      </div>
    </section>
  );
}

/** What grew for a part of it only is no suspect. */
const NONE_GREW =
  "No caller did, from the beginning of this time to its end. A window of the timeline tells of a part of it.";

/** @param what it is of */
function whyTooFew(kept: Samples["kept"], what: GrowthSpan["what"]): string {
  switch (kept.state) {
    case "none":
      return TOO_FEW;
    case "asked":
      return `Asking for the moments of this ${what} in which this page was not open …`;
    case "failed":
      return `This page was not open then, and of the server's moments nothing is known: ${kept.why}`;
    case "known":
      if (what !== "window") return TOO_FEW;
      return `This page was not open then, and the server keeps ${plural(kept.value.length, "moment")} of this window: ${LEAST_SAMPLES} or more tell what grew. A longer window has them.`;
  }
}
