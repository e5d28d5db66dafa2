/**
 * The text of /proc/kallsyms, of which a capture asks for a few hundred lines among some 200,000: so the lines are in pieces, and of a piece a
 * table is made when an address is asked for that is in it. The kernel has its own lines in order (it finds them by bisection itself,
 * kernel/kallsyms.c, get_symbol_pos); where a text does not, all of it becomes one table.
 */
import { SymbolTable } from "./symbol-table.ts";

const PIECE_BYTES = 4096;
/** Of less text a table is made at once. */
const SHORT = 16 * PIECE_BYTES;
/** A module's line ends in its name: `\t[fat]`. */
const MODULE = "\t[";

export class SymbolText {
  readonly #text: string;
  /** Where the pieces begin, each with a line, and the address of that one; ascending. */
  readonly #starts: number[] = [];
  readonly #addresses: bigint[] = [];
  readonly #tables = new Map<number, SymbolTable>();
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

  /** A table that has the last symbol at the address or before it, and the one behind that, as far as the text has them. */
  tableAt(address: bigint): SymbolTable {
    if (this.#whole !== undefined) return this.#whole;
    const piece = Math.max(0, this.#pieceOf(address));
    const table = this.#tableOf(piece, piece, this.#lineBehind(piece + 1));
    const found = table.lastUpTo(address);
    const isFirst = found <= 0 && piece > 0;
    const isLast = table.addressOf(found + 1) === undefined && piece + 1 < this.#starts.length;
    // The piece before may have the same address, and so may the one behind, in which the symbol then ends.
    return isFirst || isLast ? this.#tableOf(-1 - piece, Math.max(0, piece - 1), this.#starts[piece + 2]) : table;
  }

  /** @param key a number of its own for each table */
  #tableOf(key: number, firstPiece: number, end: number | undefined): SymbolTable {
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = new SymbolTable(this.#text.slice(this.#starts[firstPiece], end));
      this.#tables.set(key, table);
    }
    return table;
  }

  /** Where the first line of a piece ends; undefined where there is no such piece, or no line behind it. */
  #lineBehind(piece: number): number | undefined {
    const newline = piece < this.#starts.length ? this.#text.indexOf("\n", this.#starts[piece]) : -1;
    return newline < 0 ? undefined : newline;
  }

  /** False where the lines that the pieces begin with are not all symbols in order: the pieces are none then. */
  #cut(): boolean {
    for (let start = 0; start < this.#text.length;) {
      const line = /^([\da-f]{8,16}) \S /.exec(this.#text.slice(start, start + 32));
      if (line === null) return false;
      const address = BigInt(`0x${line[1]}`);
      if (start > 0 && address <= this.#addresses[this.#addresses.length - 1]) return false;
      this.#starts.push(start);
      this.#addresses.push(address);
      const newline = this.#text.indexOf("\n", start + PIECE_BYTES);
      start = newline < 0 ? this.#text.length : newline + 1;
    }
    return true;
  }

  /** The last piece that begins at the address or before it; -1 where there is none. */
  #pieceOf(address: bigint): number {
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
