/** How many rounds of a workload a verdict takes. */

/** Rounds that it takes to call something a leak: one that warms the caches and two to compare. */
export const MIN_ROUNDS = 3;

/** Rounds from which on what stayed may differ from round to round: two figures that differ are no trend. */
export const SURE_ROUNDS = 4;
