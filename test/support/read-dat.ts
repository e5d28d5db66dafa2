/** What comes of a trace.dat. */
import { readTraceDat } from "../../src/ftrace/trace-dat/trace-dat-reader.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { LossMark } from "../../src/model/event-batch.ts";
import { LineTally } from "../../src/model/line-tally.ts";
import { KernelSymbols } from "../../src/symbols/kernel-symbols.ts";
import { expectCpuEvents } from "./cpu-events.ts";
import { readable } from "./dat-files.ts";

/** An event as `kind ptr site req/alloc cpu ns`. */
export async function readDat(bytes: Uint8Array) {
  const sites = new CallSiteTable();
  const damage: string[] = [];
  const events: string[] = [];
  const losses: LossMark[] = [];
  const tally = new LineTally();
  for await (const batch of readTraceDat(readable(bytes), "t.dat", sites, new KernelSymbols(), damage)) {
    expectCpuEvents(batch);
    for (let i = 0; i < batch.length; i++) {
      const ptr = ((BigInt(batch.ptrHigh[i]) << 32n) | BigInt(batch.ptrLow[i])).toString(16);
      const sizes = batch.kind[i] < 2 ? ` ${batch.bytesReq[i]}/${batch.bytesAlloc[i]}` : "";
      events.push(
        `${"acfF"[batch.kind[i]]} ${ptr} ${sites.text(batch.callSite[i])}${sizes} cpu${batch.cpu[i]} ${batch.timeNs[i]}`,
      );
    }
    losses.push(...batch.losses);
    tally.add(batch.tally);
  }
  return { events, losses, damage, tally };
}
