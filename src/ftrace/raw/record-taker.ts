/** Records of the CPUs' sub-buffers, in the order in which they are handed over, to a batch of events. */
import type { CallSiteTable } from "../../model/call-site-table.ts";
import { EventKind } from "../../model/event-batch.ts";
import { LineClass } from "../../model/line-tally.ts";
import type { EventColumns } from "../event-columns.ts";
import type { CpuStream } from "./cpu-stream.ts";
import { addBulkFree, addRcuFree } from "../probed-frees.ts";
import type { ProbeLayout } from "./probe-layouts.ts";
import { RawCore } from "./raw-core.ts";
import type { RawTasks } from "./raw-tasks.ts";
import { areSizes, sizeAt, textAt, wordAt } from "./record-fields.ts";
import {
  IN_INTERRUPT,
  type KmemLayout,
  type MarkerLayout,
  type ModuleLayout,
  type StackLayout,
} from "./record-layouts.ts";

/** Names of addresses, as the kernel prints them. */
export interface AddressNames {
  /** Takes the text of /proc/kallsyms, or a part of it. */
  read(kallsyms: string): void;
  expect(module: string): void;
  forget(module: string): void;
  nameOf(address: bigint): string | undefined;
  /** True where the kernel names none: asking again would not help. */
  readonly nameless?: boolean;
}

/** One that is not found stays an address; else each of them would ask again. */
const MAX_QUESTIONS = 100;
/** Half of ULONG_MAX, or all of it on 32-bit. */
const NO_FRAME = 0xffffffff;

/** Tells which events are not the target's but this tool's; those are counted apart. */
export interface OwnEvents {
  /** By a pid's low 16 bits: zero where {@link has} is false whatever the time. */
  readonly seen: Uint8Array;
  has(pid: number, timeNs: number): boolean;
}

export class RecordTaker {
  /** True while a record waits for the name of its call site. */
  asked = false;
  /** False where nobody can be asked: an address without a name stays one. */
  mayAsk = true;
  /** Takes the usual records past this one. */
  core: RawCore;
  /** Of the cores before. */
  #disordered = 0;
  readonly #columns: EventColumns;
  readonly #sites: CallSiteTable;
  readonly #names: AddressNames;
  readonly #own: OwnEvents;
  readonly #tasks: RawTasks | undefined;
  #questions = 0;
  /** The address that was asked for last: the answer may not have it either. */
  #unknown: bigint | undefined;

  /**
   * @param columns where the events go
   * @param tasks where they have a column for them
   */
  constructor(columns: EventColumns, sites: CallSiteTable, names: AddressNames, own: OwnEvents, tasks?: RawTasks) {
    this.#tasks = tasks;
    this.#columns = columns;
    this.#sites = sites;
    this.#names = names;
    this.#own = own;
    this.core = new RawCore(columns, tasks);
  }

  /** Events that came behind a younger one. */
  get disordered(): number {
    return this.#disordered + this.core.disordered;
  }

  /** Forgets all streams. */
  restart(): void {
    this.#disordered = this.disordered;
    this.core = new RawCore(this.#columns, this.#tasks);
  }

  /** Takes what the stream has found; false where it must wait for symbols. */
  take(stream: CpuStream): boolean {
    const { found } = stream;
    switch (found?.type) {
      case "kmem":
        return this.#takeKmem(stream, found);
      case "stack":
        return this.#takeStack(stream, found);
      case "probe":
        return this.#takeProbe(stream, found);
      case "marker":
        this.#takeMarker(stream, found);
        break;
      case "module":
        this.#takeModule(stream, found);
        break;
      case "missed":
        this.#columns.losses.push({ cpu: stream.cpu, events: found.events, timeNs: stream.timeNs });
        break;
      case undefined:
        break;
    }
    stream.found = undefined;
    return true;
  }

  #takeKmem(stream: CpuStream, layout: KmemLayout): boolean {
    const { view, recordAt, littleEndian } = stream;
    const columns = this.#columns;
    const { tally } = columns;
    const bytes = stream.recordBytes;
    if (recordAt + layout.size > stream.recordEnd) {
      tally.count(LineClass.badField, bytes);
      stream.found = undefined;
      return true;
    }
    const wide = layout.longSize === 8;
    const lowAt = wide && !littleEndian ? 4 : 0;
    const highAt = 4 - lowAt;
    const ptrLow = view.getUint32(recordAt + layout.ptr + lowAt, littleEndian);
    const ptrHigh = wide ? view.getUint32(recordAt + layout.ptr + highAt, littleEndian) : 0;
    if (ptrLow === 0 && ptrHigh === 0) {
      tally.count(layout.kind >= EventKind.kfree ? LineClass.nullFree : LineClass.failedAllocation, bytes);
      stream.found = undefined;
      return true;
    }
    const inInterrupt = (view.getUint8(recordAt + layout.flags) & IN_INTERRUPT) !== 0;
    const pid = view.getInt32(recordAt + layout.pid, littleEndian);
    if (!inInterrupt && this.#own.has(pid, stream.timeNs)) {
      tally.count(LineClass.own, bytes);
      stream.found = undefined;
      return true;
    }
    const bytesReq = sizeAt(stream, layout.bytesReq, wide);
    const bytesAlloc = sizeAt(stream, layout.bytesAlloc, wide);
    if (!areSizes(bytesReq, bytesAlloc)) {
      tally.count(LineClass.badField, bytes);
      stream.found = undefined;
      return true;
    }
    const site = this.#siteOf(
      view.getUint32(recordAt + layout.callSite + lowAt, littleEndian),
      wide ? view.getUint32(recordAt + layout.callSite + highAt, littleEndian) : 0,
      wide,
    );
    if (site < 0) return false;
    if (layout.kind === EventKind.cacheFree && this.#sites.freesTo(site) === undefined)
      this.#sites.setFreesTo(site, textAt(stream, layout.cacheName) ?? "");
    this.#lookAtFlags(stream, layout, site);
    columns.reserve();
    const i = columns.length++;
    columns.kind[i] = layout.kind;
    columns.ptrLow[i] = ptrLow;
    columns.ptrHigh[i] = ptrHigh;
    columns.callSite[i] = site;
    columns.cpu[i] = stream.cpu;
    columns.countOn(stream.cpu, 1);
    columns.timeNs[i] = stream.timeNs;
    if (this.#tasks !== undefined && columns.task !== undefined) columns.task[i] = this.#tasks.of(pid, inInterrupt);
    this.core.passed(stream.timeNs);
    columns.bytesReq[i] = bytesReq;
    columns.bytesAlloc[i] = bytesAlloc;
    tally.lines[LineClass.event] += 1;
    tally.bytes[LineClass.event] += bytes;
    stream.found = undefined;
    return true;
  }

  /** Of each call site's first allocation, which always comes by here. */
  #lookAtFlags(stream: CpuStream, { zeroing }: KmemLayout, site: number): void {
    if (zeroing === undefined) return;
    const { gfpFlags, bit } = zeroing;
    if (stream.recordAt + gfpFlags.offset + gfpFlags.size > stream.recordEnd) return;
    this.#sites.setAsksForZeros(site, (wordAt(stream, gfpFlags).low & bit) !== 0);
  }

  #takeStack(stream: CpuStream, layout: StackLayout): boolean {
    const { view, recordAt, recordEnd, littleEndian } = stream;
    const { longSize } = layout;
    const fits = recordAt + layout.frames <= recordEnd;
    const count = fits ? view.getInt32(recordAt + layout.count, littleEndian) : 0;
    const isOwn =
      fits &&
      (view.getUint8(recordAt + layout.flags) & IN_INTERRUPT) === 0 &&
      this.#own.has(view.getInt32(recordAt + layout.pid, littleEndian), stream.timeNs);
    const room = Math.floor((recordEnd - recordAt - layout.frames) / longSize);
    if (fits && !isOwn && count > 0) {
      const frames: number[] = [];
      const wide = longSize === 8;
      const lowAt = wide && !littleEndian ? 4 : 0;
      for (let i = 0; i < Math.min(count, room); i++) {
        const at = recordAt + layout.frames + i * longSize;
        const low = view.getUint32(at + lowAt, littleEndian);
        const high = wide ? view.getUint32(at + 4 - lowAt, littleEndian) : 0;
        // The kernel ends a short one so.
        if (low === NO_FRAME && (!wide || high === NO_FRAME)) break;
        const site = this.#siteOf(low, high, wide);
        if (site < 0) return false;
        frames.push(site);
      }
      this.#columns.stacks.push({ cpu: stream.cpu, at: this.#columns.length, frames });
    }
    const lineClass = !fits || count < 0 ? LineClass.badField : isOwn ? LineClass.own : LineClass.stack;
    this.#columns.tally.count(lineClass, stream.recordBytes);
    stream.found = undefined;
    return true;
  }

  #takeProbe(stream: CpuStream, layout: ProbeLayout): boolean {
    const { view, recordAt, recordEnd, littleEndian, cpu, timeNs } = stream;
    const { tally } = this.#columns;
    const fits = recordAt + layout.size <= recordEnd;
    const inInterrupt = fits && (view.getUint8(recordAt + layout.flags) & IN_INTERRUPT) !== 0;
    const isOwn = fits && !inInterrupt && this.#own.has(view.getInt32(recordAt + layout.pid, littleEndian), timeNs);
    if (!fits || isOwn) {
      tally.count(fits ? LineClass.own : LineClass.badField, stream.recordBytes);
      stream.found = undefined;
      return true;
    }
    const ip = wordAt(stream, layout.ip);
    const site = this.#siteOf(ip.low, ip.high, layout.ip.size === 8);
    if (site < 0) return false;
    const at = { site, cpu, timeNs, bytes: stream.recordBytes };
    this.core.passed(timeNs);
    if (layout.what === "rcu") {
      addRcuFree(this.#columns, wordAt(stream, layout.head), wordAt(stream, layout.ptr), at);
    } else {
      const { objects, slots } = layout;
      const count = wordAt(stream, layout.count).low;
      const here = Array.from({ length: Math.min(count, slots) }, (_, i) => wordAt(stream, objects, i));
      const { low, high } = wordAt(stream, layout.cache);
      addBulkFree(this.#columns, (low | high) !== 0, count, here, at);
    }
    stream.found = undefined;
    return true;
  }

  /** The id of the call site at that address; -1 where its name must be asked for first. */
  #siteOf(low: number, high: number, wide: boolean): number {
    const known = this.core.findSite(low, high);
    if (known >= 0) return known;
    const address = (BigInt(high) << 32n) | BigInt(low);
    const name = this.#names.nameOf(address);
    if (
      name === undefined &&
      this.mayAsk &&
      this.#names.nameless !== true &&
      this.#questions < MAX_QUESTIONS &&
      this.#unknown !== address
    ) {
      this.#unknown = address;
      this.#questions += 1;
      this.asked = true;
      return -1;
    }
    const id = this.#idOf(name ?? `0x${address.toString(16).padStart(wide ? 16 : 8, "0")}`);
    this.core.addSite(low, high, id);
    return id;
  }

  #idOf(name: string): number {
    const text = Buffer.from(`${name}\0\0\0\0`, "latin1");
    const view = new DataView(text.buffer, text.byteOffset, text.length);
    const length = text.length - 4;
    let hash = 0;
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ text[i], 0x9e3779b1);
    hash ^= hash >>> 15;
    const known = this.#sites.find(view, 0, length, hash);
    return known >= 0 ? known : this.#sites.add(view, 0, length, hash);
  }

  #takeMarker(stream: CpuStream, layout: MarkerLayout): void {
    const { view, recordAt, recordEnd, timeNs } = stream;
    const columns = this.#columns;
    if (recordAt + layout.text > recordEnd) {
      columns.tally.count(LineClass.badField, stream.recordBytes);
      return;
    }
    const bytes = new Uint8Array(
      view.buffer,
      view.byteOffset + recordAt + layout.text,
      Math.max(0, recordEnd - recordAt - layout.text),
    );
    const end = bytes.indexOf(0);
    const text = Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString("utf8");
    const isAgent = text.startsWith("@kmemtap ");
    columns.tally.count(isAgent ? LineClass.agent : LineClass.otherEvent, stream.recordBytes);
    if (isAgent) columns.marks.push({ text: text.replace(/\n$/, ""), at: columns.length, timeNs });
  }

  #takeModule(stream: CpuStream, layout: ModuleLayout): void {
    const name = textAt(stream, layout.name);
    this.#columns.tally.count(name === undefined ? LineClass.badField : LineClass.otherEvent, stream.recordBytes);
    if (name === undefined) return;
    if (layout.gone) this.#names.forget(name);
    else this.#names.expect(name);
    // A module's addresses may have been another's.
    this.core.clearSites();
    this.#unknown = undefined;
  }
}
