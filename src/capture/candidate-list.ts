/** Places of events that look alike, in order, of which each is taken once. */
export class CandidateList {
  readonly places: number[];
  /** Of each in {@link places}, where the next free one may be, and the last before: chains that shorten themselves. */
  readonly #next: number[] = [0];
  readonly #last: number[] = [0];

  constructor(first: number) {
    this.places = [first];
  }

  get length(): number {
    return this.places.length;
  }

  /** @param place larger than all before it */
  add(place: number): void {
    this.#next.push(this.places.length);
    this.#last.push(this.places.length);
    this.places.push(place);
  }

  /** Where in {@link places} those begin of which `isBehind` is true, as of all that follow them. */
  beginOf(isBehind: (place: number) => boolean): number {
    let low = 0;
    let high = this.places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBehind(this.places[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The first free one in `[from, to)` of {@link places}; undefined where there is none. */
  firstFree(from: number, to: number): number | undefined {
    const at = chased(this.#next, from);
    return at < to ? at : undefined;
  }

  /** The last free one in `[from, to)`. */
  lastFree(from: number, to: number): number | undefined {
    const at = chased(this.#last, to - 1);
    return at >= from ? at : undefined;
  }

  /** Takes the place at `at`, which was free. */
  take(at: number): number {
    this.#next[at] = at + 1;
    this.#last[at] = at - 1;
    return this.places[at];
  }
}

/** Follows a chain to what points at itself, or out of it, and makes all on the way point there. */
function chased(chain: number[], from: number): number {
  let at = from;
  while (at >= 0 && at < chain.length && chain[at] !== at) at = chain[at];
  for (let p = from; p !== at;) {
    const next = chain[p];
    chain[p] = at;
    p = next;
  }
  return at;
}
