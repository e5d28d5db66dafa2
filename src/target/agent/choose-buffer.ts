/** How large each CPU's ring buffer is made, and what it is made of, where nobody said. */
import type { LinkFacts } from "../../model/ports.ts";
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

/** Saves a quarter of the work where events come by the million (docs/cost.md); more saves no more. */
const LOCAL_SUB_BUFFER_KB = 16;

/**
 * What a ring buffer is made of, and read in, in mode raw. Larger ones than a page are for this machine alone: elsewhere they travel whole,
 * however few events are in them.
 *
 * @returns KB; 0 leaves it a page, which is all that a kernel before 6.8 knows
 */
export function chooseSubBufferKb(
  wanted: number | "auto",
  kind: LinkFacts["kind"],
  { release }: Pick<AgentFacts, "release">,
): number {
  if (wanted !== "auto") return wanted;
  const [major = 0, minor = 0] = release.split(".", 2).map(Number);
  return kind === "local" && (major > 6 || (major === 6 && minor >= 8)) ? LOCAL_SUB_BUFFER_KB : 0;
}
