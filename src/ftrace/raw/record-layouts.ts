/** What the decoder needs of each event's record, by the event's id. */
import { EventKind } from "../../model/event-batch.ts";
import { type EventFormat, type FormatField, parseEventFormat } from "./event-format.ts";
import { isWord, probeLayout, type ProbeLayout, type Word } from "./probe-layouts.ts";

/** TRACE_FLAG_HARDIRQ | TRACE_FLAG_SOFTIRQ (linux/trace_events.h): what an interrupt does is not the task's. */
export const IN_INTERRUPT = 24;

/** An allocation or a free: where its fields are. Offsets from the record's first byte. */
export interface KmemLayout {
  readonly type: "kmem";
  readonly kind: EventKind;
  readonly flags: number;
  readonly pid: number;
  readonly callSite: number;
  readonly ptr: number;
  /** -1 for frees. */
  readonly bytesReq: number;
  readonly bytesAlloc: number;
  /** Of the `__data_loc` word of a cache's name; -1 where there is none. */
  readonly cacheName: number;
  /** Of an allocation's flags, and the bit that asks for zeroed memory; undefined where the format does not tell both. */
  readonly zeroing: { readonly gfpFlags: Word; readonly bit: number } | undefined;
  /** Bytes of `unsigned long`, `void *` and `size_t` there. */
  readonly longSize: 4 | 8;
  /** No record is shorter. */
  readonly size: number;
}

/** What a process wrote to trace_marker. */
export interface MarkerLayout {
  readonly type: "marker";
  readonly text: number;
}

/** A module came or went: addresses have other names from here on. */
export interface ModuleLayout {
  readonly type: "module";
  /** Of the `__data_loc` word: length in its high half, offset from the record in its low one. */
  readonly name: number;
  readonly gone: boolean;
}

/** The stack of the event before it (kernel/trace/trace_entries.h, kernel_stack). */
export interface StackLayout {
  readonly type: "stack";
  readonly flags: number;
  readonly pid: number;
  /** How many frames there are, an int; more may fit than the format's array has. */
  readonly count: number;
  readonly frames: number;
  readonly longSize: 4 | 8;
}

export type RecordLayout = KmemLayout | MarkerLayout | ModuleLayout | StackLayout | ProbeLayout;

const KINDS = new Map<string, EventKind>([
  ["kmalloc", EventKind.kmalloc],
  ["kmalloc_node", EventKind.kmalloc],
  ["kmem_cache_alloc", EventKind.cacheAlloc],
  ["kmem_cache_alloc_node", EventKind.cacheAlloc],
  ["kfree", EventKind.kfree],
  ["kmem_cache_free", EventKind.cacheFree],
]);

/** The layout by the `format` file's text; undefined where the event is none of those, or a field that is needed is not there. */
export function readLayout(text: string): { readonly id: number; readonly layout: RecordLayout } | undefined {
  const format = parseEventFormat(text);
  const layout = format === undefined ? undefined : layoutOf(format);
  return format === undefined || layout === undefined ? undefined : { id: format.id, layout };
}

function layoutOf(format: EventFormat): RecordLayout | undefined {
  const { name, fields } = format;
  const kind = KINDS.get(name);
  if (kind !== undefined) return kmemLayout(kind, format);
  if (name === "print") {
    const text = fields.get("buf");
    return text === undefined ? undefined : { type: "marker", text: text.offset };
  }
  if (name === "kernel_stack") return stackLayout(fields);
  if (name === "module_load" || name === "module_free") {
    const field = fields.get("name");
    return field === undefined ? undefined : { type: "module", name: field.offset, gone: name === "module_free" };
  }
  return probeLayout(format);
}

function stackLayout(fields: ReadonlyMap<string, FormatField>): StackLayout | undefined {
  const [count, frames] = [fields.get("size"), fields.get("caller")];
  const [flags, pid] = [fields.get("common_flags"), fields.get("common_pid")];
  if (count?.size !== 4 || frames === undefined || flags?.size !== 1 || pid?.size !== 4) return undefined;
  // `unsigned long caller[8]`: on 32-bit the array follows the int at once, on 64-bit it is aligned.
  const longSize = frames.offset % 8 === 0 && frames.size % 64 === 0 ? 8 : 4;
  return { type: "stack", flags: flags.offset, pid: pid.offset, count: count.offset, frames: frames.offset, longSize };
}

function kmemLayout(kind: EventKind, { fields, zeroFlag }: EventFormat): KmemLayout | undefined {
  const [callSite, ptr] = [fields.get("call_site"), fields.get("ptr")];
  const [flags, pid] = [fields.get("common_flags"), fields.get("common_pid")];
  const longSize = ptr?.size;
  if (callSite === undefined || ptr === undefined || (longSize !== 4 && longSize !== 8)) return undefined;
  if (flags?.size !== 1 || pid?.size !== 4) return undefined;
  const isFree = kind >= EventKind.kfree;
  const sizes = isFree ? [] : [fields.get("bytes_req"), fields.get("bytes_alloc")];
  const read = [callSite, ptr, ...sizes];
  if (read.some((field) => field?.size !== longSize)) return undefined;
  const gfpFlags = fields.get("gfp_flags");
  return {
    type: "kmem",
    kind,
    flags: flags.offset,
    pid: pid.offset,
    callSite: callSite.offset,
    ptr: ptr.offset,
    bytesReq: sizes[0]?.offset ?? -1,
    bytesAlloc: sizes[1]?.offset ?? -1,
    cacheName: fields.get("name")?.size === 4 ? (fields.get("name")?.offset ?? -1) : -1,
    zeroing: isFree || zeroFlag === 0 || !isWord(gfpFlags) ? undefined : { gfpFlags, bit: zeroFlag },
    longSize,
    size: Math.max(flags.offset + 1, pid.offset + 4, ...read.map((field) => (field?.offset ?? 0) + longSize)),
  };
}
