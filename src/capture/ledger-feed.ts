import type { EventLedger } from "../accounting/ledger.ts";
import type { EventBatch } from "../model/event-batch.ts";

/** Whoever takes part in an account on its way: gives each batch to the ledger, whole and in order, and looks at it. */
export interface LedgerFeed {
  apply(ledger: EventLedger, batch: EventBatch): void;
}
