/**
 * The probes' records as text (kernel/trace/trace_kprobe.c, print_kprobe_event); the agent has them print addresses as they are.
 *
 *     kmemtap_rcu_free: (kvfree_call_rcu+0x4/0x380) head=0xff313c264260c300 ptr=0xff313c264260c300 ip=kernfs_unlink_open_file+0xef/0x110
 *     kmemtap_bulk_free: (kmem_cache_free_bulk+0x4/0x20) s=0xff493cd701037a00 n=0x1 p={0xff493cd7026ad400,0x0,…} ip=mas_destroy+0xfb/0x210
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { ascii, startsWith } from "./ascii.ts";
import type { EventColumns } from "./event-columns.ts";
import type { LineHead } from "./line-head.ts";
import { addBulkFree, addRcuFree, type Wide } from "./probed-frees.ts";

const NAMES = [ascii("kmemtap_rcu_free: "), ascii("kmemtap_bulk_free: ")];
const RCU =
  /^kmemtap_rcu_free: \(([^()]+)\) head=0x([\da-f]{1,16}) ptr=0x([\da-f]{1,16})(?: ip=(\S+(?: \[[^\]]+\])?))?$/;
const BULK =
  /^kmemtap_bulk_free: \(([^()]+)\) s=0x([\da-f]{1,16}) n=0x([\da-f]{1,8}) p=\{([\da-fx,]+)\}(?: ip=(\S+(?: \[[^\]]+\])?))?$/;

/** True where the name of a probe stands at `event`. */
export function isProbeLine(bytes: Uint8Array, event: number): boolean {
  return NAMES.some((name) => startsWith(bytes, event, name));
}

/** Takes a probe's line, `[event, end)` without its line's end; false where it is damaged. */
export function takeProbeLine(
  text: string,
  columns: EventColumns,
  sites: CallSiteTable,
  { cpu, timeNs }: LineHead,
  bytes: number,
): boolean {
  const rcu = RCU.exec(text);
  if (rcu !== null) {
    const [, place, head, ptr, ip] = rcu as unknown as [string, string, string, string, string | undefined];
    addRcuFree(columns, wideOf(head), wideOf(ptr), { site: sites.idOf(ip ?? place), cpu, timeNs, bytes });
    return true;
  }
  const bulk = BULK.exec(text);
  if (bulk === null) return false;
  const [, place, cache, n, list, ip] = bulk as unknown as [string, string, string, string, string, string | undefined];
  const count = parseInt(n, 16);
  const slots = list.split(",").map((slot) => /^0x([\da-f]{1,16})$/.exec(slot)?.[1]);
  if (slots.includes(undefined)) return false;
  const objects = slots.slice(0, count).map((slot) => wideOf(slot ?? ""));
  addBulkFree(columns, !/^0+$/.test(cache), count, objects, { site: sites.idOf(ip ?? place), cpu, timeNs, bytes });
  return true;
}

function wideOf(hex: string): Wide {
  return { low: parseInt(hex.slice(-8), 16), high: hex.length > 8 ? parseInt(hex.slice(0, -8), 16) : 0 };
}
