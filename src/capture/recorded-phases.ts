/**
 * The phases of a workload, from its recording: who ran it has said of each mark whether a phase begins or ends there, and that
 * stands in the recording before the chunk that has the mark.
 */
import { type AgentLine, fieldsOf } from "../target/agent/agent-line.ts";
import type { RecordedPhase } from "./capture-recorder.ts";
import type { PhaseChange, WorkloadAccount } from "./workload-account.ts";

/** Marks that may begin a phase: the first may have been overwritten in the ring buffer. */
const BEGINS = ["phase-begin", "phase-pid"];

export class RecordedPhases {
  /** Of what is still to come. */
  readonly #waiting: RecordedPhase[] = [];
  readonly #names = new Set<string>();

  /** Of the phases so far, in the order of their first rounds. */
  get names(): readonly string[] {
    return [...this.#names];
  }

  take(phase: RecordedPhase): void {
    this.#waiting.push(phase);
    const begun = phase.kind === "begin" ? phase : phase.unseen;
    if (begun !== undefined) this.#names.add(begun.name);
  }

  /** What the mark says of the workload, if anything. Those before it, whose marks are missing, are told to the account. */
  changeAt(line: AgentLine, timeNs: number, account: WorkloadAccount): PhaseChange | undefined {
    const at = this.#waiting.findIndex((phase) => phase.timeNs === timeNs && isMarkOf(phase, line));
    if (at < 0) return undefined;
    const [change] = this.#waiting.splice(at, 1);
    this.#tell(account, at);
    return change;
  }

  /** Bytes are missing, with the marks of what waits. */
  gap(account: WorkloadAccount): void {
    this.#tell(account, this.#waiting.length);
  }

  #tell(account: WorkloadAccount, count: number): void {
    for (const change of this.#waiting.splice(0, count)) {
      if (change.kind === "begin")
        account.begin(change.name, change.command, change.round, change.timeNs, change.workload);
      else account.end(change.status, change.timeNs, change.unseen);
    }
  }
}

function isMarkOf(phase: RecordedPhase, { type, text }: AgentLine): boolean {
  if (phase.kind === "end") return type === "phase-end";
  // The workload, where there are several, the round, and which of its phases.
  const name = `${phase.workload ?? ""}${phase.round}.`;
  return BEGINS.includes(type) && fieldsOf(text).get("name")?.startsWith(name) === true;
}
