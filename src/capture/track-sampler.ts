/**
 * Net bytes of every call site at moments of the trace clock, for an account that is read once and whose length nobody knows
 * before: where there are too many samples every other one goes, and the time between them doubles.
 */
import type { EventLedger } from "../accounting/ledger.ts";
import type { EventBatch } from "../model/event-batch.ts";
import type { LiveTracks } from "../model/live-tracks.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { LedgerFeed } from "./ledger-feed.ts";

/** Of all samples, 8 bytes each: which call sites matter shows at the end. */
const MAX_CELLS = 8 << 20;
const MIN_POINTS = 16;
const FIRST_INTERVAL_NS = 1000;

interface Sample {
  readonly timeNs: number;
  readonly totalNetBytes: number;
  /** By call site; those that came later had nothing. */
  readonly netBytes: Float64Array;
}

export class TrackSampler implements LedgerFeed {
  readonly #maxPoints: number;
  #ledger: EventLedger | undefined;
  #samples: Sample[] = [];
  #intervalNs = FIRST_INTERVAL_NS;
  #nextNs = -Infinity;
  #lastNs = 0;

  /** @param maxPoints samples at most */
  constructor(maxPoints: number) {
    this.#maxPoints = maxPoints;
  }

  /** Gives the batch to the ledger, with samples in between. */
  apply(ledger: EventLedger, batch: EventBatch): void {
    if (batch.length > 0 && ledger !== this.#ledger) {
      // What looked like a console was none, or the reverse: its account is not the one that counts.
      this.#ledger = ledger;
      this.#samples = [];
      this.#intervalNs = FIRST_INTERVAL_NS;
      this.#nextNs = -Infinity;
      this.#lastNs = batch.timeNs[0];
    }
    let from = 0;
    for (let i = 0; i < batch.length; i++) {
      const timeNs = batch.timeNs[i];
      if (timeNs >= this.#nextNs) {
        ledger.applyRange(batch, from, i);
        from = i;
        if (this.#nextNs !== -Infinity) this.#sample(ledger);
        this.#nextNs = timeNs + this.#intervalNs;
      }
      if (timeNs > this.#lastNs) this.#lastNs = timeNs;
    }
    ledger.applyRange(batch, from, batch.length);
    ledger.applyInput(batch);
  }

  /** @param top of how many call sites, by their peaks */
  tracks(snapshot: Snapshot, top: number): LiveTracks {
    const ledger = this.#ledger;
    if (ledger !== undefined) this.#sample(ledger);
    const samples = this.#samples;
    const chosen = [...snapshot.callers].sort((a, b) => b.peakNetBytes - a.peakNetBytes).slice(0, top);
    return {
      timesNs: samples.map(({ timeNs }) => timeNs),
      totalNetBytes: samples.map(({ totalNetBytes }) => totalNetBytes),
      callers: chosen.map(({ callSite, caller, peakNetBytes }) => {
        const site = ledger?.siteOf(callSite) ?? -1;
        return { caller, peakNetBytes, netBytes: samples.map(({ netBytes }) => netBytes[site] ?? 0) };
      }),
    };
  }

  #sample(ledger: EventLedger): void {
    const netBytes = ledger.netBytesBySite();
    const most = Math.max(MIN_POINTS, Math.min(this.#maxPoints, Math.floor(MAX_CELLS / (netBytes.length + 1))));
    while (this.#samples.length >= most) {
      this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
      this.#intervalNs *= 2;
    }
    this.#samples.push({ timeNs: this.#lastNs, totalNetBytes: ledger.now.netBytes, netBytes });
  }
}
