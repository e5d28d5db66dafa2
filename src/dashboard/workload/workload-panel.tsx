/** What a workload allocated and left, phase by phase and round by round, as `kmemtap run` tells it, while it goes on. */
import type { ComponentChildren } from "preact";
import { phasesOf } from "../chart/phases.ts";
import type { WorkloadView } from "../../model/workload-view.ts";
import type { Account } from "../state/page-state.ts";
import { isPhased, noAccountInWords, progressInWords, windowInWords } from "./describe-workload.ts";
import { GrowthTable } from "./growth-table.tsx";
import { PhaseTable } from "./phase-table.tsx";
import { ResidueTable } from "./residue-table.tsx";
import { useWorkload } from "./use-workload.ts";
import { VerdictLine } from "./verdict-line.tsx";

interface WorkloadPanelProps {
  readonly account: Account;
  readonly viewChoice: ComponentChildren;
}

export function WorkloadPanel({ account, viewChoice }: WorkloadPanelProps) {
  const { workload: progress } = account;
  const answer = useWorkload(account);
  return (
    <section class="callers" aria-label="Workload">
      <div class="section-head">
        <h2>Callers</h2>
        {viewChoice}
      </div>
      <div class="callers-scroll leaks" tabIndex={0} role="group" aria-label="What the workload left">
        {progress === undefined && (
          <p class="leaks-note" data-testid="workload-none">
            {noAccountInWords(account.target.mode, phasesOf(account.marks).length)}
          </p>
        )}
        {answer.state === "failed" && <p class="leaks-note">{answer.why}</p>}
        {answer.state === "known" && <WorkloadParts workload={answer.value} />}
      </div>
    </section>
  );
}

function WorkloadParts({ workload }: { readonly workload: WorkloadView }) {
  const { repeat, window } = workload;
  return (
    <>
      <section class="leaks-part" aria-label="Verdict">
        <VerdictLine workload={workload} />
        <p class="leaks-note" data-testid="workload-progress">
          {progressInWords(workload)}. Scope {workload.scope}: {workload.scopeNote}.
        </p>
        {window !== undefined && (
          <p class="leaks-note" data-testid="workload-window" role="note">
            {windowInWords(workload)}
          </p>
        )}
      </section>
      {repeat !== null && (
        <section class="leaks-part" aria-label="Growth per round">
          <h3>Grew from round to round</h3>
          <p class="leaks-note">
            What each round left that is still there. The first{" "}
            {window === undefined ? "fills caches, and" : "of the window"} is no evidence.
          </p>
          {repeat.growing.length === 0 ? (
            <p>Nothing of any round stayed.</p>
          ) : (
            <GrowthTable repeat={repeat} phased={isPhased(workload)} />
          )}
        </section>
      )}
      <section class="leaks-part" aria-label="Residue">
        <h3>Left by {window === undefined ? "its phases" : "the window's phases"}, and still there</h3>
        {workload.residue.objects === 0 ? <p>Nothing.</p> : <ResidueTable workload={workload} />}
      </section>
      <section class="leaks-part" aria-label="Phases">
        <h3>Phases, the last first</h3>
        <PhaseTable workload={workload} />
      </section>
    </>
  );
}
