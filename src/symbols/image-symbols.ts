/**
 * The functions of an image by name and by address, with the sizes that the kernel prints: to the next symbol, whatever the symbol table
 * says (kernel/kallsyms.c, get_symbol_pos; kernel/module/kallsyms.c, find_kallsyms_symbol).
 */
import { sourceNameOf } from "../model/call-site-text.ts";

export interface ImageSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Base name of the source file, where the symbol table says it. */
  readonly sourceFile?: string | undefined;
  /** Bytes, as the symbol table says; 0 where it does not. */
  readonly bytes?: number;
  /** Symbols of one section follow each other; undefined where sections are not known. */
  readonly section?: number;
}

export interface ImageFunction extends ImageSymbol {
  /** Where the next symbol begins, or the section ends. */
  readonly end: bigint;
}

export class ImageSymbols {
  /** By address; of those at one address the order of the table. */
  readonly #functions: readonly ImageFunction[];
  readonly #byName = new Map<string, ImageFunction[]>();
  #bySourceName: Map<string, ImageFunction[]> | undefined;

  /**
   * @param symbols of executable sections, those that kallsyms leaves out aside
   * @param sectionEnd where a section ends
   */
  constructor(symbols: readonly ImageSymbol[], sectionEnd: (section: number | undefined) => bigint | undefined) {
    const sorted = [...symbols].sort((a, b) => compare(a.address, b.address));
    const functions: ImageFunction[] = [];
    let end: bigint | undefined;
    let next: ImageSymbol | undefined;
    for (const symbol of sorted.reverse()) {
      if (next === undefined || next.section !== symbol.section) end = sectionEnd(symbol.section) ?? next?.address;
      else if (next.address !== symbol.address) end = next.address;
      functions.push({ ...symbol, end: end ?? symbol.address + BigInt(symbol.bytes ?? 0) });
      next = symbol;
    }
    this.#functions = functions.reverse();
    for (const symbol of this.#functions) push(this.#byName, symbol.name, symbol);
  }

  get size(): number {
    return this.#functions.length;
  }

  /** By address. */
  all(): readonly ImageFunction[] {
    return this.#functions;
  }

  named(name: string): readonly ImageFunction[] {
    return this.#byName.get(name) ?? [];
  }

  /** What else was made of the same function: `f.isra.0` and `f.constprop.0` of `f`. */
  ofSourceName(name: string): readonly ImageFunction[] {
    if (this.#bySourceName === undefined) {
      this.#bySourceName = new Map();
      for (const symbol of this.#functions) push(this.#bySourceName, sourceNameOf(symbol.name), symbol);
    }
    return this.#bySourceName.get(sourceNameOf(name)) ?? [];
  }

  at(address: bigint): ImageFunction | undefined {
    let low = 0;
    let high = this.#functions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#functions[middle].address <= address) low = middle + 1;
      else high = middle;
    }
    let i = low - 1;
    while (i > 0 && this.#functions[i - 1].address === this.#functions[i].address) i -= 1;
    const found = this.#functions.at(i);
    return i >= 0 && found !== undefined && address < found.end ? found : undefined;
  }
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
