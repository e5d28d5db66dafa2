/** Bytes alive over the time of a trace, sampled: what an export draws. */

export interface LiveTrack {
  /** The call site without the function's size. */
  readonly caller: string;
  /** The largest that the net ever was, between samples too. */
  readonly peakNetBytes: number;
  /** bytes_alloc alive at each of {@link LiveTracks.timesNs}. */
  readonly netBytes: readonly number[];
}

export interface LiveTracks {
  /** The trace clock, never falling. */
  readonly timesNs: readonly number[];
  /** Of all call sites together. */
  readonly totalNetBytes: readonly number[];
  /** The largest peaks first. */
  readonly callers: readonly LiveTrack[];
}
