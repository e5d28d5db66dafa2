/**
 * /proc/kallsyms: an address as the kernel itself prints it with %pS, `tty_open+0x58/0x6e0` or `fat_alloc_inode+0x17/0x30 [fat]`
 * (kernel/kallsyms.c, kernel/module/kallsyms.c).
 */
import { SymbolTable } from "./symbol-table.ts";
import { type SymbolSpan, SymbolText } from "./symbol-text.ts";

const NO_TEXT = new SymbolText("", () => undefined);

/** Behind a module's last symbol nothing says where its text ends. */
const MAX_LAST_SIZE = 0x10000n;

/**
 * Marks between code and data that ARM's and RISC-V's tools put into an object (`$a`, `$x.12`, `.L3`): no functions. In
 * /proc/kallsyms modules have them, and %pS passes over them (kernel/module/kallsyms.c, find_kallsyms_symbol).
 */
export function isMappingSymbol(name: string): boolean {
  return name.startsWith("$") || name.startsWith(".L");
}

export class KernelSymbols {
  #builtIn = NO_TEXT;
  /** Lines of each module. */
  readonly #byModule = new Map<string, readonly string[]>();
  /** Modules that have come, whose symbols have not. */
  readonly #expected = new Set<string>();
  #modules: SymbolTable | undefined;

  /** True where the kernel shows no addresses: kptr_restrict. */
  hidden = false;
  #isRead = false;

  /** True where the kernel has said what it has, and that was nothing. */
  get missing(): boolean {
    return this.#isRead && !this.hidden && this.#builtIn.isEmpty;
  }

  get nameless(): boolean {
    return this.hidden || this.missing;
  }

  /** Takes the kernel's own symbols, where the text has any, and those of all modules in it; what was known of them is replaced. */
  read(kallsyms: string): void {
    const modules = new Map<string, string[]>();
    const builtIn = new SymbolText(kallsyms, (line) => {
      // `ffffffffc0a31000 t fat_fill_super\t[fat]`
      const match = / . (\S+)\t\[(.+)\]$/.exec(line);
      if (match === null || isMappingSymbol(match[1])) return;
      const module = match[2];
      const lines = modules.get(module) ?? [];
      if (lines.length === 0) modules.set(module, lines);
      lines.push(line);
    });
    this.#isRead = true;
    if (!builtIn.isEmpty) {
      this.hidden = builtIn.isZero;
      this.#builtIn = this.hidden ? NO_TEXT : builtIn;
    }
    for (const [module, lines] of modules) {
      this.#byModule.set(module, lines);
      this.#expected.delete(module);
    }
    if (modules.size > 0) this.#modules = undefined;
  }

  /** A module has come: until its symbols have been read, what seems to be behind another's last function may be in this one. */
  expect(module: string): void {
    if (!this.#byModule.has(module)) this.#expected.add(module);
  }

  /** A module is gone: its addresses may be another's next. */
  forget(module: string): void {
    this.#expected.delete(module);
    if (this.#byModule.delete(module)) this.#modules = undefined;
  }

  /** As %pS prints it; undefined where no symbol is known to hold the address. */
  nameOf(address: bigint): string | undefined {
    this.#modules ??= new SymbolTable([...this.#byModule.values()].flat().join("\n"), "all");
    const own = this.#builtIn.find(address);
    return own !== undefined && address < own.end
      ? placeIn(own, address)
      : inModule(this.#modules, address, this.#expected.size > 0);
  }
}

function placeIn({ name, start, end }: SymbolSpan, address: bigint): string {
  return `${name}+0x${(address - start).toString(16)}/0x${(end - start).toString(16)}`;
}

/** @param strict nothing is taken to be behind a module's last symbol */
function inModule(table: SymbolTable, address: bigint, strict: boolean): string | undefined {
  const i = table.lastUpTo(address);
  const start = table.addressOf(i);
  if (start === undefined) return undefined;
  const { name, module } = table.symbolAt(i);
  let end = table.addressOf(i + 1) ?? start;
  if (table.symbolAt(i + 1).module !== module) {
    if (strict) return undefined;
    const most = start + MAX_LAST_SIZE;
    if (end === start || end > most) end = most;
  }
  return address < end ? `${placeIn({ name, start, end }, address)} ${module}` : undefined;
}
