/** Runs phases of a workload on a target that is being captured: their beginnings and ends are marks of the run. */
import type { AgentEar } from "../../capture/agent-ear.ts";
import { type WorkloadPhaseSpec, WorkloadScript } from "../../capture/workload-script.ts";
import type { AgentSource } from "../../target/agent/agent-source.ts";
import { modulesIn } from "../modules-in.ts";
import { cannot } from "./cannot.ts";

/** What a phase prints is told as far as this; the rest is the business of `kmemtap run`. */
const OUTPUT_LENGTH = 300;
let runs = 0;

/**
 * @param over resolves when the session is over
 * @returns each phase's exit status, once all have run
 */
export async function runPhases(
  agent: AgentSource,
  ear: AgentEar,
  phases: readonly WorkloadPhaseSpec[],
  over: Promise<unknown>,
): Promise<string> {
  if (agent.plan === undefined) throw cannot("the target is being armed", "ask again when it is");
  if (ear.workload !== undefined) throw cannot("a workload is running on it already", "wait for its end");
  const said: string[] = [];
  const ended: string[] = [];
  const script = new WorkloadScript(agent, {
    phases,
    rounds: 1,
    settleMs: 0,
    modules: modulesIn(phases),
    underWay: `r${++runs}.`,
    onOutput: (_name, _round, text) => void said.push(text),
    onPhase: () => undefined,
    onPhaseEnd: ({ name }, _round, status) => void ended.push(`${name}: exit status ${status ?? "unknown"}`),
  });
  ear.workload = script;
  void over.then(() => script.over());
  try {
    const complete = await script.run(new AbortController().signal);
    const output = said.join("").trim().slice(-OUTPUT_LENGTH);
    const result = [...ended, ...(output === "" ? [] : [output])].join("; ").replaceAll(/\s+/g, " ");
    if (!complete) throw cannot(`the capture ended before the workload: ${result}`, "start it again");
    return result;
  } finally {
    ear.workload = undefined;
  }
}
