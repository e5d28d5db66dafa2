/**
 * The text symbols of modules, read from the target's kallsyms while they were loaded: call sites of a module that has gone
 * since are bare addresses in the trace, because the kernel resolves them when the text is read.
 */
interface Symbol {
  readonly address: bigint;
  readonly name: string;
  readonly module: string;
}

export class ModuleSymbols {
  /** Later ones last: a module that is loaded again may be elsewhere, and what is newer wins. */
  readonly #byModule = new Map<string, Map<bigint, Symbol>>();
  #sorted: Symbol[] | undefined;

  /** ` ffffffffc028d000:fat_fill_super:[fat] …`, as the agent sends them. */
  hear(text: string): void {
    for (const entry of text.split(" ")) {
      const match = /^([0-9a-f]{8,16}):([^:]+):\[([^\]]+)\]$/.exec(entry);
      if (match === null) continue;
      const [, hex, name, module] = match;
      const address = BigInt(`0x${hex}`);
      // Without CAP_SYSLOG all addresses are zero.
      if (address === 0n) continue;
      let symbols = this.#byModule.get(module);
      if (symbols === undefined) this.#byModule.set(module, (symbols = new Map<bigint, Symbol>()));
      symbols.set(address, { address, name, module });
      this.#sorted = undefined;
    }
  }

  get size(): number {
    return [...this.#byModule.values()].reduce((sum, symbols) => sum + symbols.size, 0);
  }

  /** `0xffffffffc028d533` as `fat_fill_super+0x533/0xc70 [fat]`, as the kernel would have printed it; else the text as it is. */
  resolve(callSite: string): string {
    const match = /^(?:0x)?([0-9a-f]{8,16})$/.exec(callSite);
    if (match === null) return callSite;
    const address = BigInt(`0x${match[1]}`);
    const symbols = (this.#sorted ??= this.#sort());
    let low = 0;
    let high = symbols.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (symbols[middle].address <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return callSite;
    const symbol = symbols[low - 1];
    const next = symbols.at(low);
    const size = next?.module === symbol.module ? next.address - symbol.address : undefined;
    const offset = address - symbol.address;
    // Behind a module's last symbol anything may follow.
    if (size === undefined && offset > MAX_LAST_FUNCTION) return callSite;
    const sizeText = size === undefined ? "" : `/0x${size.toString(16)}`;
    return `${symbol.name}+0x${offset.toString(16)}${sizeText} [${symbol.module}]`;
  }

  #sort(): Symbol[] {
    const all = [...this.#byModule.values()].flatMap((symbols) => [...symbols.values()]);
    return all.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  }
}

const MAX_LAST_FUNCTION = 0x4000n;
