/**
 * Which call site freed what which call site had allocated: objects and bytes of each pair. A kernel has some thousands of pairs; beyond
 * the most that are kept, what was freed is counted for the call site that allocated, and its freeing call site is not told.
 */

/** A slot is an allocating call site, a freeing one, and their sums. */
const FREE = -1;

export interface FreeingPair {
  /** Ids of call sites. */
  readonly allocatedBy: number;
  readonly freedBy: number;
  readonly objects: number;
  readonly bytes: number;
}

export class FreeingPairs {
  readonly #most: number;
  readonly #mask: number;
  readonly #allocating: Int32Array;
  readonly #freeing: Int32Array;
  readonly #sums: Float64Array;
  #size = 0;

  /** @param most of the pairs; a power of two */
  constructor(most: number) {
    this.#most = most;
    this.#mask = 2 * most - 1;
    this.#allocating = new Int32Array(2 * most).fill(FREE);
    this.#freeing = new Int32Array(2 * most);
    this.#sums = new Float64Array(4 * most);
  }

  get size(): number {
    return this.#size;
  }

  get byteLength(): number {
    return this.#allocating.byteLength + this.#freeing.byteLength + this.#sums.byteLength;
  }

  /** @returns false where there is no room for another pair */
  add(allocatedBy: number, freedBy: number, bytes: number): boolean {
    const hash = Math.imul(allocatedBy, 0x9e3779b1) ^ Math.imul(freedBy, 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & this.#mask;
    while (this.#allocating[slot] !== allocatedBy || this.#freeing[slot] !== freedBy) {
      if (this.#allocating[slot] === FREE) {
        if (this.#size === this.#most) return false;
        this.#size += 1;
        this.#allocating[slot] = allocatedBy;
        this.#freeing[slot] = freedBy;
        break;
      }
      slot = (slot + 1) & this.#mask;
    }
    this.#sums[2 * slot] += 1;
    this.#sums[2 * slot + 1] += bytes;
    return true;
  }

  /** In no order. */
  *all(): Generator<FreeingPair> {
    for (let slot = 0; slot <= this.#mask; slot++) {
      const allocatedBy = this.#allocating[slot];
      if (allocatedBy === FREE) continue;
      yield {
        allocatedBy,
        freedBy: this.#freeing[slot],
        objects: this.#sums[2 * slot],
        bytes: this.#sums[2 * slot + 1],
      };
    }
  }
}
