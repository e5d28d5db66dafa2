/** The account of one run (one boot) while it goes on. */
import { EventLedger } from "../accounting/ledger.ts";
import { TextDecoder } from "../ftrace/text-decoder.ts";
import { CallSiteTable } from "../model/call-site-table.ts";
import type { EventBatch, LossMark } from "../model/event-batch.ts";
import type { AccountFilter, Snapshot } from "../model/snapshot.ts";
import type { HistoryPoint } from "../model/wire.ts";

export class RunAccount {
  readonly run: number;
  /** Bytes and trace events (of the account) received. */
  bytes = 0;
  events = 0;
  /** Trace clock of the last event; null before any. */
  lastEventNs: number | null = null;
  readonly #decoder: TextDecoder;
  readonly #ledger: EventLedger;
  #losses: LossMark[] = [];

  constructor(run: number, filter: AccountFilter) {
    const callSites = new CallSiteTable();
    this.run = run;
    this.#decoder = new TextDecoder(callSites);
    this.#ledger = new EventLedger(callSites, { filter });
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#account(this.#decoder.push(chunk));
  }

  end(): void {
    this.#account(this.#decoder.end());
  }

  /** The chart's next point; undefined before the first event. */
  point(): HistoryPoint | undefined {
    if (this.lastEventNs === null) return undefined;
    const { netBytes, netRequestedBytes, liveObjects } = this.#ledger.now;
    return [this.lastEventNs / 1e9, netBytes, netRequestedBytes, liveObjects];
  }

  /** @param damage what ended the stream before its time; an account of such a stream is not exact */
  snapshot(source: Omit<Snapshot["source"], "run">, damage?: string): Snapshot {
    const damagedInput = damage === undefined ? [] : [damage];
    return this.#ledger.snapshot({ source: { ...source, run: this.run }, damagedInput });
  }

  /** The losses seen since this was asked last. */
  takeLosses(): LossMark[] {
    const losses = this.#losses;
    this.#losses = [];
    return losses;
  }

  #account(batch: EventBatch): void {
    this.#ledger.apply(batch);
    this.events += batch.length;
    if (batch.length > 0) this.lastEventNs = batch.timeNs[batch.length - 1];
    this.#losses.push(...batch.losses);
  }
}
