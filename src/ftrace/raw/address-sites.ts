/** Ids of call sites by their addresses: what is looked up at every event. Open addressing, 64-bit keys in two columns. */

const INITIAL_SLOTS = 4096;

export class AddressSites {
  /** Id + 1, or 0 where free. */
  #ids = new Uint32Array(INITIAL_SLOTS);
  #low = new Uint32Array(INITIAL_SLOTS);
  #high = new Uint32Array(INITIAL_SLOTS);
  #size = 0;

  /** The id, or -1. */
  find(low: number, high: number): number {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let slot = hashOf(low, high) & mask;
    while (ids[slot] !== 0) {
      if (this.#low[slot] === low && this.#high[slot] === high) return ids[slot] - 1;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  add(low: number, high: number, id: number): void {
    this.#size += 1;
    if (this.#size * 2 > this.#ids.length) this.#grow();
    this.#put(low, high, id + 1);
  }

  clear(): void {
    this.#ids.fill(0);
    this.#size = 0;
  }

  #put(low: number, high: number, value: number): void {
    const mask = this.#ids.length - 1;
    let slot = hashOf(low, high) & mask;
    while (this.#ids[slot] !== 0) slot = (slot + 1) & mask;
    this.#ids[slot] = value;
    this.#low[slot] = low;
    this.#high[slot] = high;
  }

  #grow(): void {
    const [ids, low, high] = [this.#ids, this.#low, this.#high];
    this.#ids = new Uint32Array(ids.length * 2);
    this.#low = new Uint32Array(ids.length * 2);
    this.#high = new Uint32Array(ids.length * 2);
    for (let slot = 0; slot < ids.length; slot++) if (ids[slot] !== 0) this.#put(low[slot], high[slot], ids[slot]);
  }
}

function hashOf(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
