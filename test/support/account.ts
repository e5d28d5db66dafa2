/** Trace text to a snapshot, the way a report makes it but without files. */
import { EventLedger } from "../../src/accounting/ledger.ts";
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { AccountFilter, Snapshot } from "../../src/model/snapshot.ts";
import { bytesOf } from "./decode.ts";

export const SOURCE: Snapshot["source"] = { label: "test", recording: true, run: 1 };

export function accountOf(input: string | Uint8Array, filter: AccountFilter = "all"): Snapshot {
  return accountOfChunks([typeof input === "string" ? bytesOf(input) : input], filter);
}

export function accountOfLines(lines: readonly string[], filter: AccountFilter = "all"): Snapshot {
  return accountOf(lines.map((line) => `${line}\n`).join(""), filter);
}

export function accountOfChunks(chunks: Iterable<Uint8Array>, filter: AccountFilter = "all"): Snapshot {
  const callSites = new CallSiteTable();
  const decoder = new TextDecoder(callSites);
  const ledger = new EventLedger(callSites, { filter });
  for (const chunk of chunks) ledger.apply(decoder.push(chunk));
  ledger.apply(decoder.end());
  return ledger.snapshot({ source: SOURCE });
}
