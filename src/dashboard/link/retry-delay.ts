const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * How long to wait before attempt number `attempt` (2 is the first that waits): half as long again each time, and
 * spread by `random` (0 to 1), so that many viewers do not all return to a restarted server in the same instant.
 */
export function retryDelayMs(attempt: number, random: number): number {
  const grown = Math.min(LONGEST_MS, FIRST_MS * 1.5 ** Math.max(0, attempt - 2));
  return Math.round(grown * (0.75 + 0.5 * random));
}
