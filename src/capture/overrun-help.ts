/** What the operator can do about a ring buffer that overruns. */
import type { AgentPlan } from "../target/agent/agent-source.ts";

/** In whose words: a command's options, or the configuration of a daemon, which takes no options. */
export type HelpWords = "options" | "configuration";

const WORDS = {
  options: {
    buffer: "--buffer-kb",
    size: (kb: number) => `--buffer-kb ${String(kb)}`,
    grow: "--on-overrun grow",
    noStacks: "no --stacks",
    hist: "--mode hist",
  },
  configuration: {
    buffer: "overrun.bufferKb",
    size: (kb: number) => `overrun.bufferKb: ${String(kb)}`,
    grow: "the target's onOverrun: grow",
    noStacks: "stacks: false",
    hist: "the target's mode: hist",
  },
} as const;

/**
 * Only what can be had: a fast link is no cause, not every kernel has hist triggers, and sums have neither stacks nor probed frees. What each
 * event brings along is named first, since it fills the buffer several times as fast.
 *
 * @param neededKb what a CPU's buffer would have had to hold, where events were lost
 */
export function overrunHelp(plan: AgentPlan | undefined, inWords: HelpWords = "options", neededKb?: number): string {
  const words = WORDS[inWords];
  const has = (option: string) => plan?.options.includes(option) === true;
  const [stacks, bulk] = [has("stacks=1"), has("bulk=1")];
  return [
    `a larger buffer (${largerBuffer(plan, inWords, neededKb)}; ${words.grow})`,
    ...(stacks ? [`${words.noStacks}: a stack takes more room than its event`] : []),
    ...(plan?.bytesPerSecond === undefined ? [] : ["a faster link"]),
    ...(plan?.facts.hist === true && plan.facts.synthetic && !stacks && !bulk ? [words.hist] : []),
  ].join(", or ");
}

function largerBuffer(plan: AgentPlan | undefined, inWords: HelpWords, neededKb = 0): string {
  const { buffer, size } = WORDS[inWords];
  const bufferKb = Number(plan?.options.find((option) => option.startsWith("buffer_kb="))?.slice("buffer_kb=".length));
  if (plan === undefined || !(bufferKb > 0)) return buffer;
  const twiceKb = bufferKb * 2;
  if (neededKb <= twiceKb) return `${size(twiceKb)}, twice what it is`;
  const wantedKb = 2 ** Math.ceil(Math.log2(neededKb));
  const { memAvailableKb, cpus } = plan.facts;
  if (wantedKb * cpus <= memAvailableKb / 2) return `${size(wantedKb)}, which has room for what was lost`;
  return `${size(twiceKb)}, twice what it is, though what was lost takes more than its memory allows`;
}
