/** What a recording that is played says of the workloads in it, to the session that watches it. */
import type { AgentLine } from "../target/agent/agent-line.ts";
import type { RecordedPhase } from "./capture-recorder.ts";
import type { MarkPlace, WorkloadListener } from "./live-options.ts";
import { RecordedPhases } from "./recorded-phases.ts";
import type { PhaseChange } from "./workload-account.ts";

export class ReplayedPhases implements WorkloadListener {
  #phases = new RecordedPhases();
  #isRunning = true;

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** What comes from now on is of another run. */
  beginRun(): void {
    this.#phases = new RecordedPhases();
    this.#isRunning = true;
  }

  /** Its mark is in what comes next. */
  take(phase: RecordedPhase): void {
    this.#isRunning = true;
    this.#phases.take(phase);
  }

  /** The workload is over, or the recording. */
  end(): void {
    this.#isRunning = false;
  }

  hear(line: AgentLine, at?: MarkPlace): PhaseChange | undefined {
    return at === undefined ? undefined : this.#phases.changeAt(line, at.timeNs, at.account);
  }
}
