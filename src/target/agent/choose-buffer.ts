/** How large each CPU's ring buffer is made, where nobody said. */
import type { AgentFacts } from "./agent-facts.ts";

/** What one channel, which may be slow, is given: what is left in it at the end is still to be carried. */
const ONE_CHANNEL_KB = 8192;
/** A saturated CPU makes 100 MB a second: the reader may be held up for 0.4 s. */
const MOST_KB = 40_960;
const LEAST_KB = 1024;

/** @returns KB: at most an eighth of the memory that is free, for all CPUs together */
export function chooseBufferKb(
  wanted: number | "auto",
  concurrent: boolean,
  { memAvailableKb, cpus }: Pick<AgentFacts, "memAvailableKb" | "cpus">,
): number {
  if (wanted !== "auto") return wanted;
  if (!concurrent) return ONE_CHANNEL_KB;
  const share = Math.floor(memAvailableKb / 8 / Math.max(cpus, 1));
  return Math.min(MOST_KB, Math.max(LEAST_KB, share));
}
