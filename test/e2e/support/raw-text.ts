/** What arrived in mode raw as lines of trace text, so that it can be held against a trace that the kernel printed. */
import { RawDecoder } from "../../../src/ftrace/raw/raw-decoder.ts";
import { CallSiteTable } from "../../../src/model/call-site-table.ts";
import type { EventBatch } from "../../../src/model/event-batch.ts";
import { KernelSymbols } from "../../../src/symbols/kernel-symbols.ts";

const NAMES = ["kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free"];

export function textOfRaw(chunks: readonly Uint8Array[]): string {
  const sites = new CallSiteTable();
  const decoder = new RawDecoder(sites, new KernelSymbols());
  const lines: string[] = [];
  const take = (batch: EventBatch) => {
    for (let i = 0; i < batch.length; i++) {
      const ptr = ((BigInt(batch.ptrHigh[i]) << 32n) | BigInt(batch.ptrLow[i])).toString(16).padStart(16, "0");
      const sizes =
        batch.kind[i] < 2 ? ` bytes_req=${batch.bytesReq[i]} bytes_alloc=${batch.bytesAlloc[i]} gfp_flags=X` : "";
      const cpu = String(batch.cpu[i]).padStart(3, "0");
      const head = `            task-1       [${cpu}] .....  ${(batch.timeNs[i] / 1e9).toFixed(6)}: ${NAMES[batch.kind[i]]}`;
      lines.push(`${head}: call_site=${sites.text(batch.callSite[i])} ptr=${ptr}${sizes}`);
    }
  };
  for (const chunk of chunks) take(decoder.push(chunk));
  take(decoder.end());
  return lines.join("\n");
}

const TASK = /^\s*.{1,16}?-(\d+)\s+(?:\([ \d-]+\)\s+)?\[\d+\]\s+(\S{4,5}) /;
/** irqs-off, need-resched, then where it ran: h, H, s, z, Z are interrupts. */
const IN_INTERRUPT = /^..[hHszZ]/;

/**
 * The kernel's own text without the events of the processes that the agent's reader has started, as it names them, and
 * without frees of NULL, which are in no account; with one name for the events that have two.
 */
export function withoutHelpers(truth: string, received: string): string {
  const helpers = new Set([...received.matchAll(/ helpers pids=([\d,]*) /g)].flatMap(([, pids]) => pids.split(",")));
  return truth
    .split("\n")
    .filter((line) => {
      const head = TASK.exec(line);
      return head === null || !helpers.has(head[1]) || IN_INTERRUPT.test(head[2]);
    })
    .filter((line) => !/ ptr=0+( |$)/.test(line))
    .join("\n")
    .replaceAll(/(kmalloc|kmem_cache_alloc)_node: /g, "$1: ");
}
