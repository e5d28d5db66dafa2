/** Records of the probes that the agent sets for frees without an event (`--bulk`), by their `format` files. */
import type { EventFormat, FormatField } from "./event-format.ts";

/** A word: where it is in the record, and its bytes. */
export type Word = Pick<FormatField, "offset" | "size">;

interface ProbeCommon {
  readonly type: "probe";
  readonly flags: number;
  readonly pid: number;
  /** Who called the function that is probed; the probe's own place where it does not tell. */
  readonly ip: Word;
  /** No record is shorter. */
  readonly size: number;
}

/** kvfree_call_rcu: see {@link rcuObject}. */
export interface RcuProbe extends ProbeCommon {
  readonly what: "rcu";
  readonly head: Word;
  readonly ptr: Word;
}

/** kmem_cache_free_bulk: `count` objects, the first of which stand in the record. */
export interface BulkProbe extends ProbeCommon {
  readonly what: "bulk";
  /** The cache; 0 where each object is of its own. */
  readonly cache: Word;
  readonly count: Word;
  readonly objects: Word;
  readonly slots: number;
}

export type ProbeLayout = RcuProbe | BulkProbe;

export const RCU_PROBE = "kmemtap_rcu_free";
export const BULK_PROBE = "kmemtap_bulk_free";

/** Undefined for other events, and where a field is missing. */
export function probeLayout({ name, fields }: EventFormat): ProbeLayout | undefined {
  const [flags, pid, place] = [fields.get("common_flags"), fields.get("common_pid"), fields.get("__probe_ip")];
  const ip = fields.get("ip") ?? place;
  if (flags?.size !== 1 || pid?.size !== 4 || !isWord(ip)) return undefined;
  const size = Math.max(...[...fields.values()].map((field) => field.offset + field.size));
  const common = { type: "probe", flags: flags.offset, pid: pid.offset, ip, size } as const;
  if (name === RCU_PROBE) {
    const [head, ptr] = [fields.get("head"), fields.get("ptr")];
    return isWord(head) && isWord(ptr) ? { ...common, what: "rcu", head, ptr } : undefined;
  }
  if (name !== BULK_PROBE) return undefined;
  const [cache, count, objects] = [fields.get("s"), fields.get("n"), fields.get("p")];
  if (!isWord(cache) || !isWord(count) || objects === undefined) return undefined;
  const slots = Math.floor(objects.size / cache.size);
  const first = { offset: objects.offset, size: cache.size };
  return { ...common, what: "bulk", cache, count, objects: first, slots };
}

export function isWord(field: FormatField | undefined): field is FormatField {
  return field?.size === 4 || field?.size === 8;
}
