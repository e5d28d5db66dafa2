/**
 * /proc/kallsyms: an address as the kernel itself prints it with %pS, `tty_open+0x58/0x6e0` or `fat_alloc_inode+0x17/0x30 [fat]`
 * (kernel/kallsyms.c, kernel/module/kallsyms.c).
 */

/** Behind a module's last symbol nothing says where its text ends. */
const MAX_LAST_SIZE = 0x10000n;
const LINE = /^([0-9a-f]{8,16}) . ([^\t]+)(?:\t\[(.+)\])?$/;

interface SymbolTable {
  readonly addresses: BigUint64Array;
  readonly symbols: readonly Entry[];
}

export class KernelSymbols {
  #builtIn: SymbolTable = tableOf([]);
  readonly #byModule = new Map<string, readonly Entry[]>();
  #modules: SymbolTable | undefined;

  /** True where the kernel shows no addresses: kptr_restrict. */
  hidden = false;

  /** Takes the kernel's own symbols, where the text has any, and those of all modules in it; what was known of them is replaced. */
  read(kallsyms: string): void {
    const modules = new Map<string, Entry[]>();
    const builtIn: Entry[] = [];
    for (const line of kallsyms.split("\n")) {
      const match = LINE.exec(line);
      if (match === null) continue;
      const [, digits, name] = match;
      const module = match.at(3);
      const entry = { address: BigInt(`0x${digits}`), name, module };
      if (module === undefined) builtIn.push(entry);
      else {
        const entries = modules.get(module) ?? [];
        if (entries.length === 0) modules.set(module, entries);
        entries.push(entry);
      }
    }
    if (builtIn.length > 0) {
      this.hidden = builtIn.every(({ address }) => address === 0n);
      this.#builtIn = tableOf(this.hidden ? [] : builtIn);
    }
    for (const [module, entries] of modules) this.#byModule.set(module, entries);
    if (modules.size > 0) this.#modules = undefined;
  }

  /** A module is gone: its addresses may be another's next. */
  forget(module: string): void {
    if (this.#byModule.delete(module)) this.#modules = undefined;
  }

  /** As %pS prints it; undefined where no symbol is known to hold the address. */
  nameOf(address: bigint): string | undefined {
    this.#modules ??= tableOf([...this.#byModule.values()].flat());
    return within(this.#builtIn, address) ?? within(this.#modules, address);
  }
}

interface Entry {
  readonly address: bigint;
  readonly name: string;
  readonly module: string | undefined;
}

/** By address; of those at one address the first, which is the one that the kernel prints. */
function tableOf(entries: Entry[]): SymbolTable {
  // The sort is stable.
  entries.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const first = entries.filter(({ address }, i) => i === 0 || entries[i - 1].address !== address);
  return { addresses: BigUint64Array.from(first, ({ address }) => address), symbols: first };
}

function within({ addresses, symbols }: SymbolTable, address: bigint): string | undefined {
  let low = 0;
  let high = addresses.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (addresses[middle] <= address) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return undefined;
  const { name, module, address: start } = symbols[low - 1];
  let end = low < addresses.length ? addresses[low] : start;
  if (module !== undefined && symbols.at(low)?.module !== module) {
    const most = start + MAX_LAST_SIZE;
    end = low < addresses.length && end < most ? end : most;
  }
  if (address >= end) return undefined;
  const text = `${name}+0x${(address - start).toString(16)}/0x${(end - start).toString(16)}`;
  return module === undefined ? text : `${text} [${module}]`;
}
