/**
 * What happened in each phase of a workload, by call site.
 *
 * A phase touches few of the call sites that a session knows, and a workload that is repeated has many phases, so a
 * phase has rows for those call sites only.
 */
const PHASE_ROW = 6;

/** Columns of a row. An object's end is charged to the call site that allocated it, in the phase in which it ends. */
export const PhaseColumn = {
  allocs: 0,
  totalBytes: 1,
  requestedBytes: 2,
  frees: 3,
  impliedFrees: 4,
  /** Bytes of objects that ended, by a free that was seen or by one that was implied. */
  freedBytes: 5,
} as const;

export interface PhaseSums {
  readonly allocs: number;
  readonly totalBytes: number;
  readonly requestedBytes: number;
  readonly frees: number;
  readonly impliedFrees: number;
  readonly freedBytes: number;
}

export class PhaseRows {
  /** The phase that is now. */
  current = 0;
  readonly #phases: Phase[] = [];
  #now = this.#phase(0);

  enter(phase: number): void {
    this.current = phase;
    this.#now = this.#phase(phase);
  }

  /** Another workload: the phases up to now are of no interest any more. Their numbers are not given out again. */
  forget(): void {
    this.#phases.length = 0;
    this.#now = this.#phase(this.current);
  }

  /** Makes room, in the present phase, for every call site below `callSites`. */
  reserve(callSites: number): void {
    this.#now.reserve(callSites);
  }

  allocation(site: number, bytesReq: number, bytesAlloc: number): void {
    const now = this.#now;
    const at = now.rowOf(site);
    now.sums[at + PhaseColumn.allocs] += 1;
    now.sums[at + PhaseColumn.totalBytes] += bytesAlloc;
    now.sums[at + PhaseColumn.requestedBytes] += bytesReq;
  }

  /** @param column `frees` or `impliedFrees` */
  end(site: number, bytesAlloc: number, column: number): void {
    const now = this.#now;
    const at = now.rowOf(site);
    now.sums[at + column] += 1;
    now.sums[at + PhaseColumn.freedBytes] += bytesAlloc;
  }

  unmatchedFree(): void {
    this.#now.unmatchedFrees += 1;
  }

  /** Frees in a phase of objects whose allocation was not seen: older than the trace, mostly. */
  unmatchedFrees(phase: number): number {
    return this.#phases[phase]?.unmatchedFrees ?? 0;
  }

  /** Every call site that allocated in the phase, or of which an object ended in it. */
  forEach(phase: number, visit: (site: number, sums: PhaseSums) => void): void {
    this.#phases[phase]?.forEach(visit);
  }

  #phase(phase: number): Phase {
    return (this.#phases[phase] ??= new Phase());
  }
}

class Phase {
  unmatchedFrees = 0;
  sums = new Float64Array(16 * PHASE_ROW);
  /** Call sites in the order of their rows. */
  readonly #sites: number[] = [];
  /** Row of a call site, plus one. */
  #rows = new Uint32Array(0);

  reserve(callSites: number): void {
    if (callSites <= this.#rows.length) return;
    const rows = new Uint32Array(Math.ceil(callSites * 1.25));
    rows.set(this.#rows);
    this.#rows = rows;
  }

  /** Where the row of a call site begins. */
  rowOf(site: number): number {
    const row = this.#rows[site];
    return row > 0 ? (row - 1) * PHASE_ROW : this.#add(site);
  }

  #add(site: number): number {
    const row = this.#sites.push(site);
    this.#rows[site] = row;
    if (row * PHASE_ROW > this.sums.length) {
      const sums = new Float64Array(this.sums.length * 2);
      sums.set(this.sums);
      this.sums = sums;
    }
    return (row - 1) * PHASE_ROW;
  }

  forEach(visit: (site: number, sums: PhaseSums) => void): void {
    for (const [row, site] of this.#sites.entries()) {
      const at = row * PHASE_ROW;
      visit(site, {
        allocs: this.sums[at + PhaseColumn.allocs],
        totalBytes: this.sums[at + PhaseColumn.totalBytes],
        requestedBytes: this.sums[at + PhaseColumn.requestedBytes],
        frees: this.sums[at + PhaseColumn.frees],
        impliedFrees: this.sums[at + PhaseColumn.impliedFrees],
        freedBytes: this.sums[at + PhaseColumn.freedBytes],
      });
    }
  }
}
