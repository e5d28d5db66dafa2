/** How many rounds of a workload a verdict takes. */

/** Rounds that it takes to call something a leak: one that warms the caches and two to compare. */
export const MIN_ROUNDS = 3;

/** Rounds from which on what stayed may differ from round to round: two figures that differ are no trend. */
export const SURE_ROUNDS = 4;

/** The same for people, wherever they choose how many. */
export const ROUNDS_NEEDED = `${SURE_ROUNDS} rounds or more tell a leak from a cache, ${MIN_ROUNDS} where the last two leave as much`;

/** What runs where nobody says how many, and a verdict is wanted. */
export const DEFAULT_LEAK_ROUNDS = 5;
