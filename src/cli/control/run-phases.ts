/** Runs a workload on a target that is being captured: its phases are marks of the run, and the session accounts what they leave. */
import type { AgentEar } from "../../capture/agent-ear.ts";
import { type WorkloadPhaseSpec, WorkloadScript } from "../../capture/workload-script.ts";
import type { ControlAction } from "../../model/wire-request.ts";
import type { AgentSource } from "../../target/agent/agent-source.ts";
import { modulesIn } from "../modules-in.ts";
import { cannot } from "./cannot.ts";
import { type PhaseOutcome, phasesInWords, statusesInWords } from "./phases-in-words.ts";

/** What is kept of what a phase prints, in each round anew. */
const KEPT_OUTPUT = 4000;
/** For what is freed late (RCU, workqueues), after each round; as `kmemtap run` waits. */
const SETTLE_MS = 1000;
/**
 * Phases of all rounds and workloads of one session. Each leaves the ledger some hundred object classes of 40 bytes, which are not
 * given back while objects of them may be alive.
 */
const MOST_PHASES = 20_000;
let runs = 0;

/**
 * @param over resolves when the session is over
 * @returns each phase's exit status, and below it what it printed, once all have run
 */
export async function runPhases(
  agent: AgentSource,
  ear: AgentEar,
  { phases, rounds = 1 }: Extract<ControlAction, { kind: "run" }>,
  over: Promise<unknown>,
): Promise<string> {
  if (agent.plan === undefined) throw cannot("the target is being armed", "ask again when it is");
  if (ear.workload !== undefined) throw cannot("a workload is running on it already", "wait for its end");
  ear.phasesAsked += phases.length * rounds;
  if (ear.phasesAsked > MOST_PHASES)
    throw cannot(`more than ${MOST_PHASES} phases in one capture: no more are accounted`, "stop it and start it anew");
  const outcomes = new Map<WorkloadPhaseSpec, PhaseOutcome>();
  const noted = (phase: WorkloadPhaseSpec) =>
    outcomes.get(phase) ?? { name: phase.name, statuses: [], round: 0, output: "" };
  let running: WorkloadPhaseSpec | undefined;
  const script = new WorkloadScript(agent, {
    phases,
    rounds,
    settleMs: SETTLE_MS,
    modules: modulesIn(phases),
    underWay: `r${++runs}.`,
    onOutput: (_name, _round, text) => {
      if (running === undefined) return;
      const before = noted(running);
      outcomes.set(running, { ...before, output: (before.output + text).slice(-KEPT_OUTPUT) });
    },
    onPhase: (phase, round) => {
      running = phase;
      outcomes.set(phase, { ...noted(phase), round, output: "" });
    },
    onPhaseEnd: (phase, _round, status) => {
      const before = noted(phase);
      outcomes.set(phase, { ...before, statuses: [...before.statuses, status] });
    },
  });
  ear.workload = script;
  void over.then(() => script.over());
  try {
    const complete = await script.run(new AbortController().signal);
    const ended = [...outcomes.values()].filter(({ statuses }) => statuses.length > 0);
    if (!complete)
      throw cannot(`the capture ended before the workload: ${statusesInWords(ended, modeOf(agent))}`, "start it again");
    return phasesInWords(ended, modeOf(agent));
  } finally {
    ear.workload = undefined;
  }
}

/** As it is now: a link that falls behind is read in another one meanwhile. */
const modeOf = (agent: AgentSource) => agent.plan?.mode;
