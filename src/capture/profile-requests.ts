/** A recording's requests, taken down while its account is made. */
import { maxObjectsIn } from "../accounting/ledger-options.ts";
import type { EventLedger } from "../accounting/ledger.ts";
import { RequestTally } from "../accounting/request-tally.ts";
import { type EventBatch, EventKind } from "../model/event-batch.ts";
import type { RequestProfile } from "../model/request-profile.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { LedgerFeed } from "./ledger-feed.ts";

export class RequestProfiler implements LedgerFeed {
  readonly #maxObjects: number;
  #ledger: EventLedger | undefined;
  #tally: RequestTally;

  constructor(memoryMb?: number) {
    this.#maxObjects = maxObjectsIn(memoryMb);
    this.#tally = new RequestTally(this.#maxObjects);
  }

  apply(ledger: EventLedger, batch: EventBatch): void {
    if (batch.length > 0 && ledger !== this.#ledger) {
      // What looked like a console was none, or the reverse: its account is not the one that counts.
      this.#ledger = ledger;
      this.#tally = new RequestTally(this.#maxObjects);
    }
    ledger.apply(batch);
    this.#tally.apply(batch);
  }

  /** Of what the snapshot, of the same account, is filtered for. */
  profile({ callers, filter, window }: Snapshot): RequestProfile {
    const sites = new Map(callers.map((row) => [this.#ledger?.siteOf(row.callSite) ?? -1, row]));
    const { firstEventNs, lastEventNs } = window;
    const classes = this.#tally.classes().flatMap(({ site, kind: of, lifeNs, ...figures }) => {
      const row = sites.get(site);
      const kind = of === EventKind.kmalloc ? ("kmalloc" as const) : ("cache" as const);
      if (row === undefined || (filter !== "all" && (filter === "malloc") !== (kind === "kmalloc"))) return [];
      const meanLifeNs = figures.frees === 0 ? null : lifeNs / figures.frees;
      const asksForZeros = this.#ledger?.asksForZeros(site) ?? null;
      return [{ callSite: row.callSite, caller: row.caller, kind, asksForZeros, ...figures, meanLifeNs }];
    });
    const seconds = firstEventNs === null || lastEventNs === null ? 0 : Math.max(0, lastEventNs - firstEventNs) / 1e9;
    return { classes, cpus: this.#tally.cpus, seconds };
  }
}
