/**
 * Allocations and frees whose pointer the kernel hid ({@link NO_POINTER}), by call site.
 *
 * Such an object cannot be followed: nobody can tell which free ends it. It counts as allocated, and as held by nobody
 * knows: of what is alive now, the account without it is the least, and with it the most.
 */
import type { HiddenPointers } from "../model/loss.ts";

interface HiddenRow {
  allocs: number;
  bytes: number;
  requestedBytes: number;
}

export class HiddenObjects {
  /** By call site that allocated. */
  readonly #rows = new Map<number, HiddenRow>();
  #frees = 0;

  allocation(site: number, bytesReq: number, bytesAlloc: number): void {
    const row = this.#rows.get(site);
    if (row === undefined) this.#rows.set(site, { allocs: 1, bytes: bytesAlloc, requestedBytes: bytesReq });
    else {
      row.allocs += 1;
      row.bytes += bytesAlloc;
      row.requestedBytes += bytesReq;
    }
  }

  free(): void {
    this.#frees += 1;
  }

  of(site: number): Readonly<HiddenRow> | undefined {
    return this.#rows.get(site);
  }

  /** The sum over all call sites; undefined where no pointer was hidden. */
  sum(): HiddenPointers | undefined {
    if (this.#frees === 0 && this.#rows.size === 0) return undefined;
    const sum = { allocs: 0, bytes: 0, requestedBytes: 0, frees: this.#frees };
    for (const row of this.#rows.values()) {
      sum.allocs += row.allocs;
      sum.bytes += row.bytes;
      sum.requestedBytes += row.requestedBytes;
    }
    return sum;
  }
}
