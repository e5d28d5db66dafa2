/** A string table's names, each made once. */

/** KSYM_NAME_LEN is 512; Rust's and C++'s are longer. */
const MAX_NAME_BYTES = 4096;

export class StringTable {
  readonly #bytes: Buffer;
  readonly #known = new Map<number, string>();
  /** Many names that overlap could be made of few bytes: more than all symbols have is no table. */
  #room: number;

  /** @param names how many will be asked for */
  constructor(bytes: Uint8Array, names: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#room = bytes.length + names * 256;
  }

  /** Undefined where there is no name: outside of the table, without an end, or too long to be one. */
  at(offset: number): string | undefined {
    const known = this.#known.get(offset);
    if (known !== undefined) return known;
    // An empty table is how a file says that nothing has a name.
    if (offset === 0 && this.#bytes.length === 0) return "";
    if (offset >= this.#bytes.length) return undefined;
    const end = this.#bytes.subarray(offset, offset + MAX_NAME_BYTES + 1).indexOf(0);
    this.#room -= end;
    if (end < 0 || this.#room < 0) return undefined;
    const name = this.#bytes.toString("utf8", offset, offset + end);
    this.#known.set(offset, name);
    return name;
  }
}
