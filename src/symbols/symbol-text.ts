/**
 * The text of /proc/kallsyms, of which a capture asks for a few hundred lines among some 200,000: so the lines are in pieces, and of a piece
 * they are looked at when an address is asked for that is in it. The kernel has its own lines in order (it finds them by bisection
 * itself, kernel/kallsyms.c, get_symbol_pos); where a text does not, all of it becomes one table.
 */
import { SymbolTable } from "./symbol-table.ts";

/** A symbol of the kernel's own, from its address up to the next one's. */
export interface SymbolSpan {
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
}

const PIECE_BYTES = 4096;
/** Of less text a table is made at once. */
const SHORT = 16 * PIECE_BYTES;
/** `ffffffff81000000 T _text`: all addresses have the digits of a `long`. */
const LINE = /^([\da-f]{8,16}) \S ./;
const TYPE_LENGTH = 3;
const LONGEST_HEAD = 16 + TYPE_LENGTH + 1;
/** A module's line ends in its name: `\t[fat]`. */
const MODULE = "\t[";

export class SymbolText {
  readonly #text: string;
  /** Where the pieces begin, each with a line, and the address of that one; ascending. */
  readonly #starts: number[] = [];
  readonly #addresses: string[] = [];
  /** Of pieces that were asked for. */
  readonly #lines = new Map<number, readonly string[]>();
  /** In place of the pieces. */
  readonly #whole: SymbolTable | undefined;

  /** @param modules takes the lines of modules, which are then not in the text */
  constructor(text: string, modules: (line: string) => void) {
    const module = text.indexOf(MODULE);
    const end = module < 0 ? text.length : text.lastIndexOf("\n", module) + 1;
    this.#text = text.slice(0, end);
    const lines: string[] = [];
    const behind = new SymbolTable(text.slice(end), (line) => lines.push(line));
    if (end < SHORT || behind.size > 0 || !this.#cut()) this.#whole = new SymbolTable(text, modules);
    else lines.forEach(modules);
  }

  get isEmpty(): boolean {
    return this.#whole?.size === 0;
  }

  /** True where no line tells an address. */
  get isZero(): boolean {
    return this.#whole?.isZero === true;
  }

  /** The last symbol at the address or before it, where there is one, and one behind it; of several at one address the first, which is the one that the kernel prints. */
  find(address: bigint): SymbolSpan | undefined {
    return this.#whole === undefined ? this.#findInPieces(address) : spanOf(this.#whole, address);
  }

  #findInPieces(address: bigint): SymbolSpan | undefined {
    const wanted = address.toString(16).padStart(this.#digits, "0");
    const piece = this.#pieceOf(wanted);
    if (piece < 0) return undefined;
    const start = this.#linesOf(piece)
      .findLast((line) => this.#addressOf(line) <= wanted)
      ?.slice(0, this.#digits);
    if (start === undefined) return undefined;
    // The last lines of the piece before may have the address with which this one begins, and those behind the last one of this.
    const first = Math.max(0, start === this.#addresses[piece] ? piece - 1 : piece);
    const line = this.#firstFrom(first, (at) => at === start);
    const end = this.#firstFrom(piece, (at) => at > start);
    if (line === undefined || end === undefined) return undefined;
    const name = line.slice(this.#digits + TYPE_LENGTH);
    return { name, start: BigInt(`0x${start}`), end: BigInt(`0x${this.#addressOf(end)}`) };
  }

  #firstFrom(firstPiece: number, isWanted: (address: string) => boolean): string | undefined {
    for (let piece = firstPiece; piece < this.#starts.length; piece++) {
      const line = this.#linesOf(piece).find((one) => isWanted(this.#addressOf(one)));
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** Those of symbols. */
  #linesOf(piece: number): readonly string[] {
    let lines = this.#lines.get(piece);
    if (lines === undefined) {
      const text = this.#text.slice(this.#starts[piece], this.#starts[piece + 1]);
      lines = text.split("\n").filter((line) => LINE.exec(line)?.[1].length === this.#digits);
      this.#lines.set(piece, lines);
    }
    return lines;
  }

  #addressOf(line: string): string {
    return line.slice(0, this.#digits);
  }

  get #digits(): number {
    return this.#addresses[0].length;
  }

  /** False where the lines that the pieces begin with are not all symbols in order: the pieces are none then. */
  #cut(): boolean {
    for (let start = 0; start < this.#text.length;) {
      const address = LINE.exec(this.#text.slice(start, start + LONGEST_HEAD))?.[1];
      if (address === undefined) return false;
      const before = this.#addresses.at(-1);
      if (before !== undefined && (address.length !== before.length || address <= before)) return false;
      this.#starts.push(start);
      this.#addresses.push(address);
      const newline = this.#text.indexOf("\n", start + PIECE_BYTES);
      start = newline < 0 ? this.#text.length : newline + 1;
    }
    return true;
  }

  /** The last piece that begins at the address or before it; -1 where there is none. */
  #pieceOf(address: string): number {
    let from = 0;
    let to = this.#addresses.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#addresses[middle] <= address) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }
}

function spanOf(table: SymbolTable, address: bigint): SymbolSpan | undefined {
  const i = table.lastUpTo(address);
  const [start, end] = [table.addressOf(i), table.addressOf(i + 1)];
  return start === undefined || end === undefined ? undefined : { name: table.symbolAt(i).name, start, end };
}
