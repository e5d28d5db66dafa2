/**
 * The account that the target's kernel keeps itself (mode hist): sums per call site, and of what was freed, by the site that
 * had allocated it. The agent sends absolute sums, those that changed, one reading after the other; a reading counts when
 * it has arrived to its end, so that no figure is newer than its neighbour.
 *
 * A reading of which a line is missing or damaged leaves the account unsure, until one that brings everything has arrived whole.
 * The maps count on while they are read, so their own totals only bound what was read before; once they have stopped, they
 * must be met.
 *
 * What the kernel cannot tell in this mode: the peak between readings, ages, frees of unknown objects, and objects whose
 * address was allocated again with no free seen (they stay in the net).
 */
import { callerOf, byCaller } from "../model/caller.ts";
import type { CallerRow, Totals } from "../model/snapshot.ts";
import type { HistMap } from "../model/target-facts.ts";
import { countOf } from "../target/agent/agent-line.ts";

interface Sum {
  readonly hits: number;
  readonly bytesAlloc: number;
  readonly bytesReq: number;
}

/** By map (`kmalloc`, `freed` …) and by the address of the call site, which one reading numbers otherwise than the next. */
type Sums = Map<string, Map<string, Sum>>;

/** What has arrived of the reading that is under way. */
interface Reading {
  readonly rows: Sums;
  /** The kernel's own totals of a map. */
  readonly totals: Map<string, { readonly hits: number; readonly dropped: number }>;
  damaged: boolean;
}

const FREED = "freed";
const ZERO: Sum = { hits: 0, bytesAlloc: 0, bytesReq: 0 };
/** A kernel has some twenty; what claims to have more is not one. */
const MAX_MAPS = 100;

/**
 * 6.12 and later report a large kmalloc twice, with the same pointer: from inside the allocator, then from its caller. In
 * the event account the second closes the first; here the maps show two allocations and one free, so the first is left out.
 */
const INSIDE_ALLOCATOR = /^__kmalloc(?:_node)?_noprof\+/;
/** Inside the allocator on later kernels only; on 6.12 it is a caller like others, whose objects are freed. */
const PERHAPS_INSIDE = "__kvmalloc_node_noprof+";

export class HistAccount {
  #sums: Sums = new Map();
  /** Sums of maps that are gone: the link broke, and a new instance counts from 0. */
  #earlier: Sums = new Map();
  #reading = newReading();
  #callers: CallerRow[] = [];
  readonly #addressOf = new Map<string, string>();
  #lastId = 0;
  /** A site keeps the name it was first seen by: once its module is gone, there is none. */
  readonly #textOf = new Map<string, string>();
  readonly #peaks = new Map<string, number>();
  readonly #maps = new Map<string, HistMap>();
  #earlierDropped = 0;
  #nextSeq = 1;
  #unsure = false;
  #stopped = false;
  #readings = 0;
  #peakNetBytes = 0;
  #events = 0;

  /** Readings that arrived to their end. */
  get readings(): number {
    return this.#readings;
  }

  /** Allocations and their frees, as far as the last reading. */
  get events(): number {
    return this.#events;
  }

  /** True from a damaged reading on until one that brings everything has arrived whole. */
  get unsure(): boolean {
    return this.#unsure;
  }

  get maps(): HistMap[] {
    return [...this.#maps.values()];
  }

  get dropped(): number {
    return this.#earlierDropped + this.maps.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** Of every line of a reading, in order: a number that is missing is a line that is. */
  line(seq: number): void {
    if (seq !== this.#nextSeq) this.damaged();
    this.#nextSeq = seq + 1;
  }

  /** A line of the agent's was damaged: it may have been one of the reading's. */
  damaged(): void {
    this.#reading.damaged = true;
  }

  /** The maps have stopped: from now on the rows must meet the kernel's totals. */
  stopped(): void {
    this.#stopped = true;
  }

  /** The link was made again: new maps count from 0. */
  restart(): void {
    this.#earlier = merged(this.#earlier, this.#sums, plus);
    this.#sums = new Map();
    this.#reading = newReading();
    this.#earlierDropped = this.dropped;
    this.#maps.clear();
    this.#addressOf.clear();
    this.#lastId = 0;
    this.#nextSeq = 1;
    this.#unsure = this.#stopped = false;
  }

  /** `name 17 ffffffff81a0b8b1 tty_open+0x58/0x6e0` */
  name(text: string): boolean {
    const match = /^(\d{1,9}) ([0-9a-f]{1,16}) ?(.*)$/.exec(text);
    if (match === null) {
      this.damaged();
      return false;
    }
    const [, id, address, site] = match;
    // A reading that brings everything numbers the sites anew: an old number must not stand for another site.
    if (Number(id) <= this.#lastId) this.#addressOf.clear();
    this.#lastId = Number(id);
    this.#addressOf.set(id, address);
    const known = this.#textOf.get(address);
    if (known === undefined || known.startsWith("0x")) this.#textOf.set(address, site === "" ? `0x${address}` : site);
    return true;
  }

  /** `row kmalloc 17 3 192 171`: hits, bytes_alloc, bytes_req */
  row(text: string): boolean {
    const match = /^(\w+) (\d+) (\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(text);
    const address = match === null ? undefined : this.#addressOf.get(match[2]);
    if (match === null || address === undefined) {
      this.damaged();
      return false;
    }
    const [, map, , hits, bytesAlloc, bytesReq] = match;
    const { rows } = this.#reading;
    let sums = rows.get(map);
    if (sums === undefined) rows.set(map, (sums = new Map<string, Sum>()));
    sums.set(address, { hits: Number(hits), bytesAlloc: Number(bytesAlloc), bytesReq: Number(bytesReq) });
    return true;
  }

  /** `map name=kmalloc hits=200 entries=11 size=4096 dropped=0`, behind a map's rows. */
  map(fields: ReadonlyMap<string, string>): void {
    const name = fields.get("name");
    const [hits, entries] = [countOf(fields.get("hits")), countOf(fields.get("entries"))];
    const [size, dropped] = [countOf(fields.get("size")), countOf(fields.get("dropped"))];
    const isRead = hits !== undefined && entries !== undefined && size !== undefined && dropped !== undefined;
    if (name === undefined || !isRead || (!this.#maps.has(name) && this.#maps.size >= MAX_MAPS)) {
      this.damaged();
      return;
    }
    this.#maps.set(name, { map: describeMap(name), entries, size, dropped });
    if (!name.includes(".")) this.#reading.totals.set(name, { hits, dropped });
  }

  /** A reading is through: all of it counts from now on. `brought` is what the agent says of it, `full` among it where it brought everything. */
  readingDone(brought = ""): void {
    const isFull = brought.split(" ").includes("full");
    const reading = this.#reading;
    this.#reading = newReading();
    // One that brings everything brings the totals of every map.
    const isWhole = !reading.damaged && (!isFull || this.#bySite().every((map) => reading.totals.has(map)));
    this.#sums = isFull && isWhole ? reading.rows : merged(this.#sums, reading.rows, (_, now) => now);
    if (!isWhole || !this.#meets(reading)) this.#unsure = true;
    else if (isFull) this.#unsure = false;
    this.#readings += 1;
    this.#callers = this.#compose();
    let [net, events] = [0, 0];
    for (const row of this.#callers) {
      net += row.netBytes;
      events += row.allocs + row.frees;
      this.#peaks.set(row.callSite, row.peakNetBytes);
    }
    this.#peakNetBytes = Math.max(this.#peakNetBytes, net);
    this.#events = events;
  }

  /** Call sites that allocated, by net bytes, ties by caller. */
  callers(): CallerRow[] {
    return [...this.#callers];
  }

  /** Maps of sums, as far as they are known. */
  #bySite(): string[] {
    return [...this.#maps.keys()].filter((name) => !name.includes("."));
  }

  /** Whether the rows agree with what the maps say of themselves: hits are counted in them as well, and never fewer. */
  #meets({ totals }: Reading): boolean {
    for (const [map, { hits, dropped }] of totals) {
      let sum = 0;
      for (const row of this.#sums.get(map)?.values() ?? []) sum += row.hits;
      if (sum > hits || (this.#stopped && sum + dropped < hits)) return false;
    }
    return true;
  }

  #compose(): CallerRow[] {
    const rows = new Map<string, { allocs: Sum; freed: Sum }>();
    for (const [map, sums] of merged(this.#earlier, this.#sums, plus)) {
      for (const [address, sum] of sums) {
        const site = this.#textOf.get(address) ?? `0x${address}`;
        const row = rows.get(site) ?? { allocs: ZERO, freed: ZERO };
        rows.set(
          site,
          map === FREED ? { ...row, freed: plus(row.freed, sum) } : { ...row, allocs: plus(row.allocs, sum) },
        );
      }
    }
    const callers: CallerRow[] = [];
    for (const [site, { allocs, freed }] of rows) if (allocs.hits > 0) callers.push(this.#row(site, allocs, freed));
    return callers.sort((a, b) => b.netBytes - a.netBytes || byCaller(a, b));
  }

  totals(callers: readonly CallerRow[]): Totals {
    const sum = (key: keyof Omit<Totals, "callSites">) => callers.reduce((total, row) => total + row[key], 0);
    return {
      allocs: sum("allocs"),
      frees: sum("frees"),
      impliedFrees: sum("impliedFrees"),
      totalBytes: sum("totalBytes"),
      requestedBytes: sum("requestedBytes"),
      netBytes: sum("netBytes"),
      netRequestedBytes: sum("netRequestedBytes"),
      wasteBytes: sum("wasteBytes"),
      peakNetBytes: Math.max(this.#peakNetBytes, sum("netBytes")),
      liveObjects: sum("liveObjects"),
      callSites: callers.length,
    };
  }

  #row(callSite: string, allocs: Sum, seenFreed: Sum): CallerRow {
    const isInside = INSIDE_ALLOCATOR.test(callSite) || (callSite.startsWith(PERHAPS_INSIDE) && seenFreed.hits === 0);
    // The map of what was freed is read last: it may know of objects that came after the others were read.
    const freed = seenFreed.hits >= allocs.hits ? allocs : seenFreed;
    const netBytes = isInside ? 0 : allocs.bytesAlloc - freed.bytesAlloc;
    const netRequestedBytes = isInside ? 0 : allocs.bytesReq - freed.bytesReq;
    const impliedFrees = isInside ? allocs.hits - freed.hits : 0;
    return {
      callSite,
      caller: callerOf(callSite),
      allocs: allocs.hits,
      frees: freed.hits,
      impliedFrees,
      totalBytes: allocs.bytesAlloc,
      requestedBytes: allocs.bytesReq,
      netBytes,
      netRequestedBytes,
      wasteBytes: netBytes - netRequestedBytes,
      peakNetBytes: Math.max(this.#peaks.get(callSite) ?? 0, netBytes),
      liveObjects: allocs.hits - freed.hits - impliedFrees,
    };
  }
}

function newReading(): Reading {
  return { rows: new Map(), totals: new Map(), damaged: false };
}

/** Both; where both have a sum, what `join` makes of them. */
function merged(one: Sums, other: Sums, join: (a: Sum, b: Sum) => Sum): Sums {
  const all: Sums = new Map([...one].map(([map, sums]) => [map, new Map(sums)]));
  for (const [map, sums] of other) {
    const into = all.get(map) ?? new Map<string, Sum>();
    all.set(map, into);
    for (const [address, sum] of sums) {
      const known = into.get(address);
      into.set(address, known === undefined ? sum : join(known, sum));
    }
  }
  return all;
}

function plus(a: Sum, b: Sum): Sum {
  return { hits: a.hits + b.hits, bytesAlloc: a.bytesAlloc + b.bytesAlloc, bytesReq: a.bytesReq + b.bytesReq };
}

function describeMap(name: string): string {
  if (name === FREED) return "freed, by allocating call site";
  const dot = name.indexOf(".");
  return dot < 0 ? `${name}, by call site` : `${name.slice(0, dot)}, pointers (${name.slice(dot + 1)})`;
}
