/** What arrived, accounted again: with stacks charged by a list of wrappers, or as if there were no stacks. */
import { readFileSync } from "node:fs";
import { maxObjectsIn } from "../../../src/accounting/ledger-options.ts";
import { EventLedger } from "../../../src/accounting/ledger.ts";
import { StackCharging } from "../../../src/capture/stack-charging.ts";
import { RawDecoder } from "../../../src/ftrace/raw/raw-decoder.ts";
import { TextDecoder } from "../../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../../src/model/call-site-table.ts";
import type { Snapshot, Totals } from "../../../src/model/snapshot.ts";
import { WrapperList } from "../../../src/model/wrapper-list.ts";
import { KernelSymbols } from "../../../src/symbols/kernel-symbols.ts";

const SHIPPED = WrapperList.parse(readFileSync("config/wrappers.txt", "utf8"));

export function accountOf(chunks: readonly Uint8Array[], mode: "raw" | "text", withStacks: boolean): Snapshot {
  const sites = new CallSiteTable();
  const decoder = mode === "raw" ? new RawDecoder(sites, new KernelSymbols()) : new TextDecoder(sites);
  const ledger = new EventLedger(sites, { wrappers: SHIPPED });
  const options = { filter: "all", maxObjects: maxObjectsIn(), wrappers: SHIPPED, isExpected: true } as const;
  const charging = withStacks ? new StackCharging(sites, { ...options, rows: Infinity }) : undefined;
  for (const chunk of chunks) {
    const batch = decoder.push(chunk);
    const charged = charging?.take(batch) ?? batch;
    charging?.account.apply(charged);
    ledger.apply(charged);
  }
  const last = decoder.end();
  const charged = charging?.end(last) ?? last;
  charging?.account.apply(charged);
  ledger.apply(charged);
  const snapshot = ledger.snapshot({ source: { label: mode, recording: true, run: 1 } });
  return charging?.complete(snapshot) ?? snapshot;
}

/** What must be the same whoever is charged. */
export function sumsOf({ totals }: Snapshot): Totals {
  return { ...totals, callSites: 0 };
}
