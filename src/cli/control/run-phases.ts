/** Runs a workload on a target that is being captured: its phases are marks of the run, and the session accounts what they leave. */
import type { AgentEar } from "../../capture/agent-ear.ts";
import { type WorkloadPhaseSpec, WorkloadScript } from "../../capture/workload-script.ts";
import type { ControlAction } from "../../model/wire-request.ts";
import type { AgentSource } from "../../target/agent/agent-source.ts";
import { modulesIn } from "../modules-in.ts";
import { cannot } from "./cannot.ts";
import { phasesInWords } from "./phases-in-words.ts";

/** What a phase prints is told as far as this; the rest is the business of `kmemtap run`. */
const OUTPUT_LENGTH = 300;
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
 * @returns each phase's exit status, once all have run
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
  let said = "";
  const ended = new Map<WorkloadPhaseSpec, (number | null)[]>();
  const script = new WorkloadScript(agent, {
    phases,
    rounds,
    settleMs: SETTLE_MS,
    modules: modulesIn(phases),
    underWay: `r${++runs}.`,
    onOutput: (_name, _round, text) => void (said = (said + text).slice(-2 * OUTPUT_LENGTH)),
    onPhase: () => undefined,
    onPhaseEnd: (phase, _round, status) => void ended.set(phase, [...(ended.get(phase) ?? []), status]),
  });
  ear.workload = script;
  void over.then(() => script.over());
  try {
    const complete = await script.run(new AbortController().signal);
    const output = said.trim().slice(-OUTPUT_LENGTH);
    const result = phasesInWords(ended, output, modeOf(agent));
    if (!complete) throw cannot(`the capture ended before the workload: ${result}`, "start it again");
    return result;
  } finally {
    ear.workload = undefined;
  }
}

/** As it is now: a link that falls behind is read in another one meanwhile. */
const modeOf = (agent: AgentSource) => agent.plan?.mode;
