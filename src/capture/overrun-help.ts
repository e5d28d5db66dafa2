/** What the operator can do about a ring buffer that overruns. */
import type { AgentPlan } from "../target/agent/agent-source.ts";

/**
 * Only what can be had: a fast link is no cause, not every kernel has hist triggers, and sums have neither stacks nor probed frees. What each
 * event brings along is named first, since it fills the buffer several times as fast.
 */
export function overrunHelp(plan: AgentPlan | undefined): string {
  const has = (option: string) => plan?.options.includes(option) === true;
  const [stacks, bulk] = [has("stacks=1"), has("bulk=1")];
  const bufferKb = Number(plan?.options.find((option) => option.startsWith("buffer_kb="))?.slice("buffer_kb=".length));
  const larger = bufferKb > 0 ? `--buffer-kb ${String(bufferKb * 2)}, twice what it is` : "--buffer-kb";
  return [
    `a larger buffer (${larger}; --on-overrun grow)`,
    ...(stacks ? ["no --stacks: a stack takes more room than its event"] : []),
    ...(plan?.bytesPerSecond === undefined ? [] : ["a faster link"]),
    ...(plan?.facts.hist === true && plan.facts.synthetic && !stacks && !bulk ? ["--mode hist"] : []),
  ].join(", or ");
}
