/**
 * Live objects with the time of their allocation: 12 bytes each beside their pointer.
 *
 * Places are given out again: the classes of free places form a chain. A place is what a ledger that remembers times
 * keeps under a pointer, in place of the class.
 */
const INITIAL_OBJECTS = 1024;

export class ObjectStore {
  #classes = new Uint32Array(INITIAL_OBJECTS);
  #times = new Float64Array(INITIAL_OBJECTS);
  /** The free place that is given out next, plus one; 0 where all below {@link #end} are taken. */
  #free = 0;
  #end = 0;

  /** Bytes held by the store. */
  get byteLength(): number {
    return this.#classes.byteLength + this.#times.byteLength;
  }

  /** Remembers an object; its place. */
  add(objectClass: number, timeNs: number): number {
    let place = this.#free - 1;
    if (place >= 0) this.#free = this.#classes[place];
    else {
      place = this.#end++;
      if (place === this.#classes.length) this.#grow();
    }
    this.#classes[place] = objectClass;
    this.#times[place] = timeNs;
    return place;
  }

  /** Forgets an object; its class. */
  take(place: number): number {
    const objectClass = this.#classes[place];
    this.#classes[place] = this.#free;
    this.#free = place + 1;
    return objectClass;
  }

  classOf(place: number): number {
    return this.#classes[place];
  }

  /** Trace clock of its allocation. */
  timeOf(place: number): number {
    return this.#times[place];
  }

  #grow(): void {
    const classes = new Uint32Array(this.#classes.length * 2);
    classes.set(this.#classes);
    this.#classes = classes;
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
  }
}
