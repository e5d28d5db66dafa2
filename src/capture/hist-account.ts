/**
 * The account that the target's kernel keeps itself (mode hist): sums per call site, and of what was freed, by the site that
 * had allocated it. The agent sends absolute sums, those that changed; each reading ends with the kernel's own totals, and a
 * reading that does not add up to them was damaged on the way and is asked for again, whole.
 *
 * What the kernel cannot tell in this mode: the peak between readings, ages, frees of unknown objects, and objects whose
 * address was allocated again with no free seen (they stay in the net).
 */
import { callerOf, byCaller } from "../model/caller.ts";
import type { CallerRow, HistMap, Totals } from "../model/snapshot.ts";

interface Sum {
  readonly hits: number;
  readonly bytesAlloc: number;
  readonly bytesReq: number;
}

const FREED = "freed";
const ZERO: Sum = { hits: 0, bytesAlloc: 0, bytesReq: 0 };

/**
 * 6.12 and later report a large kmalloc twice, with the same pointer: from inside the allocator, then from its caller. In
 * the event account the second closes the first; here the maps show two allocations and one free, so the first is left out.
 */
const INSIDE_ALLOCATOR = /^__k(?:v?)malloc(?:_node)?_noprof\+/;

export class HistAccount {
  /** By the address of the call site, which one reading numbers otherwise than the next. */
  readonly #sums = new Map<string, Map<string, Sum>>();
  readonly #addressOf = new Map<string, string>();
  /** A site keeps the name it was first seen by: once its module is gone, there is none. */
  readonly #textOf = new Map<string, string>();
  readonly #peaks = new Map<string, number>();
  readonly #maps = new Map<string, HistMap>();
  #unsure = false;
  #readings = 0;
  #peakNetBytes = 0;

  /** Readings that arrived to their end. */
  get readings(): number {
    return this.#readings;
  }

  /** True while the sums do not add up to the kernel's totals. */
  get unsure(): boolean {
    return this.#unsure;
  }

  get maps(): HistMap[] {
    return [...this.#maps.values()];
  }

  get dropped(): number {
    return this.maps.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** `name 17 ffffffff81a0b8b1 tty_open+0x58/0x6e0` */
  name(text: string): boolean {
    const match = /^(\d+) ([0-9a-f]+) (.+)$/.exec(text);
    if (match === null) return false;
    const [, id, address, site] = match;
    this.#addressOf.set(id, address);
    if (!this.#textOf.has(address) || this.#textOf.get(address)?.startsWith("0x") === true)
      this.#textOf.set(address, site);
    return true;
  }

  /** `row kmalloc 17 3 192 171`: hits, bytes_alloc, bytes_req */
  row(text: string): boolean {
    const match = /^(\w+) (\d+) (\d+) (\d+) (\d+)$/.exec(text);
    const address = match === null ? undefined : this.#addressOf.get(match[2]);
    if (match === null || address === undefined) {
      this.#unsure = true;
      return false;
    }
    const [, map, , hits, bytesAlloc, bytesReq] = match;
    let sums = this.#sums.get(map);
    if (sums === undefined) this.#sums.set(map, (sums = new Map<string, Sum>()));
    sums.set(address, { hits: Number(hits), bytesAlloc: Number(bytesAlloc), bytesReq: Number(bytesReq) });
    return true;
  }

  /** `map name=kmalloc hits=200 entries=11 size=4096 dropped=0`, behind a map's rows. */
  map(fields: ReadonlyMap<string, string>): void {
    const name = fields.get("name") ?? "";
    const number = (key: string) => Number(fields.get(key) ?? NaN);
    const [hits, entries, size, dropped] = [number("hits"), number("entries"), number("size"), number("dropped")];
    if (![hits, entries, size, dropped].every(Number.isSafeInteger)) {
      this.#unsure = true;
      return;
    }
    this.#maps.set(name, { map: describeMap(name), entries, size, dropped });
    if (name.includes(".")) return;
    let sum = 0;
    for (const row of (this.#sums.get(name) ?? new Map<string, Sum>()).values()) sum += row.hits;
    // What a full map refused is in its hits, but in no row of it.
    if (sum > hits || sum + dropped < hits) this.#unsure = true;
  }

  /** A reading begins that brings everything anew. */
  startOver(): void {
    this.#unsure = false;
  }

  /** A reading is through. */
  readingDone(): void {
    this.#readings += 1;
    let net = 0;
    for (const row of this.callers()) {
      net += row.netBytes;
      this.#peaks.set(row.callSite, Math.max(this.#peaks.get(row.callSite) ?? 0, row.netBytes));
    }
    this.#peakNetBytes = Math.max(this.#peakNetBytes, net);
  }

  /** Call sites that allocated, by net bytes, ties by caller. */
  callers(): CallerRow[] {
    const rows = new Map<string, { allocs: Sum; freed: Sum }>();
    for (const [map, sums] of this.#sums) {
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
    const sum = (key: Exclude<keyof CallerRow, "callSite" | "caller" | "hiddenAllocs" | "hiddenBytes">) =>
      callers.reduce((total, row) => total + row[key], 0);
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

  #row(callSite: string, allocs: Sum, freed: Sum): CallerRow {
    const inside = INSIDE_ALLOCATOR.test(callSite);
    const netBytes = inside ? 0 : allocs.bytesAlloc - freed.bytesAlloc;
    const netRequestedBytes = inside ? 0 : allocs.bytesReq - freed.bytesReq;
    const impliedFrees = inside ? allocs.hits - freed.hits : 0;
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

function plus(a: Sum, b: Sum): Sum {
  return { hits: a.hits + b.hits, bytesAlloc: a.bytesAlloc + b.bytesAlloc, bytesReq: a.bytesReq + b.bytesReq };
}

function describeMap(name: string): string {
  if (name === FREED) return "freed, by allocating call site";
  const dot = name.indexOf(".");
  return dot < 0 ? `${name}, by call site` : `${name.slice(0, dot)}, pointers (${name.slice(dot + 1)})`;
}
