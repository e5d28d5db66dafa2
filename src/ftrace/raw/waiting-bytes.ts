const INITIAL_BYTES = 1 << 16;

/** Bytes of one CPU that have come and have not been read to their end: copies of what was pushed, or what was borrowed, as it lies. */
export class WaitingBytes {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  /** Of {@link bytes}. */
  view = viewOf(this.bytes);
  /** Where they begin and end. */
  from = 0;
  to = 0;
  /** What {@link bytes} was, while it is somebody else's. */
  #own: Uint8Array | undefined;

  get length(): number {
    return this.to - this.from;
  }

  /** By so many bytes all that was here has moved towards the beginning. */
  push(bytes: Uint8Array): number {
    const moved = this.to + bytes.length > this.bytes.length ? this.#makeRoom(bytes.length) : 0;
    this.bytes.set(bytes, this.to);
    this.to += bytes.length;
    return moved;
  }

  /** Takes the bytes without a copy: they must stay as they are until {@link giveBack}. Only where nothing waits. */
  borrow(bytes: Uint8Array): void {
    this.#own = this.bytes;
    this.#use(bytes, bytes.length);
  }

  /** What was borrowed is its owner's again, and what of it was not read a copy. */
  giveBack(): void {
    if (this.#own === undefined) return;
    const rest = this.bytes.subarray(this.from, this.to);
    this.#use(this.#own, 0);
    this.#own = undefined;
    this.push(rest);
  }

  #use(bytes: Uint8Array, length: number): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.from = 0;
    this.to = length;
  }

  #makeRoom(more: number): number {
    const { from, length } = this;
    const needed = length + more;
    const bytes = 2 * needed > this.bytes.length ? new Uint8Array(4 * needed) : this.bytes;
    bytes.set(this.bytes.subarray(from, this.to));
    if (bytes === this.bytes) {
      this.from = 0;
      this.to = length;
    } else this.#use(bytes, length);
    return from;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
