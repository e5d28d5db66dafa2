/** Lines of /proc/kallsyms by address. A kernel has 200,000 of them, of which a capture names a few hundred: they stay text. */

const NEWLINE = 0x0a;
const CLOSING_BRACKET = 0x5d;
const SPACE = 0x20;
/** Between the address and the name: ` T `. */
const TYPE_LENGTH = 3;
const SHORTEST_LINE = 8 + TYPE_LENGTH + 1;

export class SymbolTable {
  readonly #text: string;
  /** Halves of the addresses, ascending, and where their lines begin. */
  #high: Uint32Array;
  #low: Uint32Array;
  #starts: Uint32Array;
  #size = 0;

  /** @param modules takes the lines of modules, which are then not in the table; "all" leaves them in it */
  constructor(text: string, modules: "all" | ((line: string) => void) = "all") {
    this.#text = text;
    const most = Math.floor(text.length / SHORTEST_LINE) + 1;
    this.#high = new Uint32Array(most);
    this.#low = new Uint32Array(most);
    this.#starts = new Uint32Array(most);
    this.#index(Buffer.from(text, "latin1"), modules);
    if (!this.#isSorted()) this.#sort();
    this.#keepFirsts();
  }

  get size(): number {
    return this.#size;
  }

  /** True where no line tells an address. */
  get isZero(): boolean {
    return this.#size === 1 && this.#high[0] === 0 && this.#low[0] === 0;
  }

  /** Undefined where there is none. */
  addressOf(i: number): bigint | undefined {
    return i >= 0 && i < this.#size ? (BigInt(this.#high[i]) << 32n) | BigInt(this.#low[i]) : undefined;
  }

  /** The module in brackets, as kallsyms has it. Past the last one there is no name. */
  symbolAt(i: number): { readonly name: string; readonly module: string | undefined } {
    if (i >= this.#size) return { name: "", module: undefined };
    const from = this.#text.indexOf(" ", this.#starts[i]) + TYPE_LENGTH;
    const newline = this.#text.indexOf("\n", from);
    const line = this.#text.slice(from, newline < 0 ? this.#text.length : newline);
    const tab = line.indexOf("\t");
    return tab < 0 ? { name: line, module: undefined } : { name: line.slice(0, tab), module: line.slice(tab + 1) };
  }

  /** Index of the last symbol at the address or before it; -1 where there is none. */
  lastUpTo(address: bigint): number {
    const high = Number(address >> 32n);
    const low = Number(address & 0xffffffffn);
    let from = 0;
    let to = this.#size;
    while (from < to) {
      const middle = (from + to) >> 1;
      const isUpTo = this.#high[middle] === high ? this.#low[middle] <= low : this.#high[middle] < high;
      if (isUpTo) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }

  /** Adds the lines that are of symbols. In one loop over bytes: this is a tenth of a short command's time. */
  #index(bytes: Uint8Array, modules: "all" | ((line: string) => void)): void {
    const [high, low, starts] = [this.#high, this.#low, this.#starts];
    let size = 0;
    for (let next = 0; next < bytes.length;) {
      const at = next;
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline < 0 ? bytes.length : newline;
      next = end + 1;
      if (modules !== "all" && bytes[end - 1] === CLOSING_BRACKET) {
        modules(this.#text.slice(at, end));
        continue;
      }
      // As a rule there are sixteen digits.
      const type = bytes[at + 16] === SPACE ? at + 16 : bytes.indexOf(SPACE, at);
      const digits = type - at;
      if (digits < 8 || digits > 16 || end - type <= TYPE_LENGTH || bytes[type + 2] !== SPACE) continue;
      let upper = 0;
      let lower = 0;
      let seen = 0;
      for (let p = at; p < type - 8; p++) {
        const digit = DIGITS[bytes[p]];
        upper = (upper << 4) | digit;
        seen |= digit;
      }
      for (let p = type - 8; p < type; p++) {
        const digit = DIGITS[bytes[p]];
        lower = (lower << 4) | digit;
        seen |= digit;
      }
      if (seen < 0) continue;
      high[size] = upper;
      low[size] = lower;
      starts[size] = at;
      size += 1;
    }
    this.#size = size;
  }

  #isSorted(): boolean {
    for (let i = 1; i < this.#size; i++) if (this.#compare(i - 1, i) > 0) return false;
    return true;
  }

  #compare(i: number, j: number): number {
    return this.#high[i] === this.#high[j] ? this.#low[i] - this.#low[j] : this.#high[i] - this.#high[j];
  }

  #sort(): void {
    // Stable: of those at one address the first stays the first.
    const order = Uint32Array.from({ length: this.#size }, (_, i) => i).sort((i, j) => this.#compare(i, j) || i - j);
    this.#high = Uint32Array.from(order, (i) => this.#high[i]);
    this.#low = Uint32Array.from(order, (i) => this.#low[i]);
    this.#starts = Uint32Array.from(order, (i) => this.#starts[i]);
  }

  /** Of those at one address the first, which is the one that the kernel prints; and no more memory than they take. */
  #keepFirsts(): void {
    let kept = 0;
    for (let i = 0; i < this.#size; i++) {
      if (kept > 0 && this.#compare(kept - 1, i) === 0) continue;
      this.#high[kept] = this.#high[i];
      this.#low[kept] = this.#low[i];
      this.#starts[kept] = this.#starts[i];
      kept += 1;
    }
    this.#size = kept;
    this.#high = this.#high.slice(0, kept);
    this.#low = this.#low.slice(0, kept);
    this.#starts = this.#starts.slice(0, kept);
  }
}

/** By the code of a character: the digit that it is, or -1. */
const DIGITS = Int8Array.from({ length: 256 }, (_, code) => "0123456789abcdef".indexOf(String.fromCharCode(code)));
