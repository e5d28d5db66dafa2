/** The running sums of every call site, one row of doubles each: a row is one cache line, and all of an event's sums are in it. */
export const ROW = 8;

/** Columns of a row. */
export const Column = {
  allocs: 0,
  frees: 1,
  impliedFrees: 2,
  totalBytes: 3,
  requestedBytes: 4,
  netBytes: 5,
  netRequestedBytes: 6,
  peakNetBytes: 7,
} as const;
