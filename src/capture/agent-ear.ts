/** Hears what the agent of a session says, for those who act on the target while it goes on: one workload at a time, and answers. */
import type { AgentLine } from "../target/agent/agent-line.ts";
import type { WorkloadListener } from "./live-options.ts";
import type { PhaseChange } from "./workload-account.ts";

interface Waiting {
  readonly types: readonly string[];
  resolve(line: AgentLine | undefined): void;
}

export class AgentEar implements WorkloadListener {
  /** The workload that runs; undefined where none does. */
  workload: WorkloadListener | undefined;
  /** Of all workloads so far, with all rounds. */
  phasesAsked = 0;
  readonly #waiting = new Set<Waiting>();

  get isRunning(): boolean {
    return this.workload !== undefined;
  }

  hear(line: AgentLine): PhaseChange | undefined {
    for (const waiting of this.#waiting) if (waiting.types.includes(line.type)) waiting.resolve(line);
    return this.workload?.hear(line);
  }

  /** The next line of one of the types; undefined where none has come within the time. */
  async next(types: readonly string[], limitMs: number): Promise<AgentLine | undefined> {
    let timer: NodeJS.Timeout | undefined;
    let waiting: Waiting | undefined;
    const line = await new Promise<AgentLine | undefined>((resolve) => {
      waiting = { types, resolve };
      this.#waiting.add(waiting);
      timer = setTimeout(() => resolve(undefined), limitMs);
    });
    clearTimeout(timer);
    if (waiting !== undefined) this.#waiting.delete(waiting);
    return line;
  }
}
