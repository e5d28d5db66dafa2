/**
 * The text symbols of modules, read from the target's kallsyms while they were loaded: call sites of a module that has gone
 * since are bare addresses in the trace, because the kernel resolves them when the text is read.
 *
 * Each reading is a whole picture of what is loaded then. A module that is loaded again may be elsewhere, and another may
 * be where it was: of two functions that an address may belong to, that of the newer picture is meant.
 */
import { isMappingSymbol } from "../symbols/kernel-symbols.ts";

interface Symbol {
  readonly address: bigint;
  readonly name: string;
  readonly module: string;
  /** The last reading that it was in. */
  readonly reading: number;
}

/** A symbol, and the next one of its module in the same reading: between them it reaches. */
interface Function extends Symbol {
  readonly end: bigint | undefined;
}

/** A module's last function, and one before a hole (its init section stands elsewhere), reach no further than this. */
const MAX_UNBOUNDED = 0x4000n;
/** Larger is no function, but a hole behind one. */
const MAX_FUNCTION = 0x10000n;
/** What a kernel may have at most; what sends more is not one. */
const MAX_SYMBOLS = 500_000;

export class ModuleSymbols {
  /** By module and address: one address may be a symbol of two modules, one after the other. */
  readonly #symbols = new Map<string, Symbol>();
  #functions: Function[] | undefined;
  #reading = 1;

  /** ` ffffffffc028d000:fat_fill_super:[fat] …`, as the agent sends them. */
  hear(text: string): void {
    for (const entry of text.split(" ")) {
      const match = /^([0-9a-f]{8,16}):([^:]+):\[([^\]]+)\]$/.exec(entry);
      if (match === null) continue;
      const [, hex, name, module] = match;
      const address = BigInt(`0x${hex}`);
      // Without CAP_SYSLOG all addresses are zero.
      if (address === 0n || isMappingSymbol(name) || this.#symbols.size >= MAX_SYMBOLS) continue;
      this.#symbols.set(`${module} ${hex}`, { address, name, module, reading: this.#reading });
      this.#functions = undefined;
    }
  }

  /** All that is loaded now has been heard. */
  readingDone(): void {
    this.#reading += 1;
  }

  get size(): number {
    return this.#symbols.size;
  }

  /** `0xffffffffc028d533` as `fat_fill_super+0x533/0xc70 [fat]`, as the kernel would have printed it; else the text as it is. */
  resolve(callSite: string): string {
    const match = /^(?:0x)?([0-9a-f]{8,16})$/.exec(callSite);
    if (match === null) return callSite;
    const address = BigInt(`0x${match[1]}`);
    const found = this.#functionAt(address);
    if (found === undefined) return callSite;
    const sizeText = found.end === undefined ? "" : `/0x${(found.end - found.address).toString(16)}`;
    return `${found.name}+0x${(address - found.address).toString(16)}${sizeText} [${found.module}]`;
  }

  /** One whose end is known, the newest; where there is none, the nearest before a hole. */
  #functionAt(address: bigint): Function | undefined {
    const functions = (this.#functions ??= functionsOf([...this.#symbols.values()]));
    let best: Function | undefined;
    for (let i = lastUpTo(functions, address); i >= 0 && address - functions[i].address < MAX_FUNCTION; i--) {
      const candidate = functions[i];
      if (candidate.end === undefined) {
        if (best === undefined && address - candidate.address <= MAX_UNBOUNDED) best = candidate;
      } else if (address < candidate.end && (best?.end === undefined || candidate.reading > best.reading)) {
        best = candidate;
      }
    }
    return best;
  }
}

/** By address. */
function functionsOf(symbols: readonly Symbol[]): Function[] {
  const sorted = [...symbols].sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const nextOf = new Map<string, bigint>();
  const functions: Function[] = [];
  for (const symbol of sorted.reverse()) {
    const key = `${symbol.module} ${symbol.reading}`;
    const next = nextOf.get(key);
    const isFunction = next !== undefined && next - symbol.address < MAX_FUNCTION;
    functions.push({ ...symbol, end: isFunction ? next : undefined });
    nextOf.set(key, symbol.address);
  }
  return functions.reverse();
}

/** Index of the last function that begins at the address or before it; -1 where there is none. */
function lastUpTo(functions: readonly Function[], address: bigint): number {
  let low = 0;
  let high = functions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (functions[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
