/** An image's functions: from a vmlinux, a module or a System.map. */
import type { ElfFile, ElfSymbol } from "./elf/elf-file.ts";
import { SectionFlag } from "./elf/elf-file.ts";
import { readSymbols } from "./elf/read-symbols.ts";
import { type ImageSymbol, ImageSymbols } from "./image-symbols.ts";

/** Symbols that kallsyms leaves out (scripts/kallsyms.c, is_ignored_symbol), and whose place a kernel therefore counts to the function before. */
const IGNORED =
  /^(?:\$|\.L|__pfx_|__cfi_|__crc_|__efistub_|__kstrtab|__ksymtab|__AArch64ADRPThunk_|__ARMV5PILongThunk_|__ThumbV7PILongThunk_)|_(?:from_arm|from_thumb|veneer)$/;

/** Section addresses as a layout has them; the file's own where there is none. */
export type SectionAddresses = ReadonlyMap<number, bigint>;

/**
 * @param layout of a module, whose sections all begin at 0 in the file
 * @throws {KmemtapError} `symbols/damaged`, `input/unreadable`
 */
export async function readImage(elf: ElfFile, layout?: SectionAddresses): Promise<ImageSymbols> {
  const found = functionsIn(elf, await readSymbols(elf), layout);
  return new ImageSymbols(found, (index) => {
    const section = index === undefined ? undefined : elf.sections.at(index);
    return section === undefined ? undefined : addressOf(section, layout) + BigInt(section.size);
  });
}

function addressOf({ index, address }: { index: number; address: bigint }, layout?: SectionAddresses): bigint {
  return layout?.get(index) ?? address;
}

interface Found extends ImageSymbol {
  readonly section: number;
  /** Which `file` symbol stands before it; of a global one none does. */
  readonly unit: number | undefined;
}

function functionsIn(elf: ElfFile, symbols: readonly ElfSymbol[], layout?: SectionAddresses): readonly ImageSymbol[] {
  const isCode = elf.sections.map(({ flags }) => (flags & SectionFlag.exec) !== 0);
  const units: string[] = [];
  const found: Found[] = [];
  for (const { name, value, size, type, bind, section } of symbols) {
    if (type === "file") units.push(name);
    if (type === "file" || type === "section" || typeof section !== "number" || !isCode[section]) continue;
    if (name === "" || IGNORED.test(name)) continue;
    const base = elf.type === "relocatable" ? addressOf(elf.sections[section], layout) : 0n;
    const unit = bind === "local" && units.length > 0 ? units.length - 1 : undefined;
    found.push({ name, address: base + value, bytes: size, section, unit });
  }
  return withSourceFiles(found, units);
}

/**
 * The linker keeps an object's functions of one section together: a global function between two local ones of one file is of that file.
 */
function withSourceFiles(found: Found[], units: readonly string[]): readonly ImageSymbol[] {
  found.sort((a, b) => a.section - b.section || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const before: (number | undefined)[] = [];
  let last: Found | undefined;
  for (const symbol of found) {
    if (symbol.unit !== undefined) last = symbol;
    before.push(last?.section === symbol.section ? last.unit : undefined);
  }
  let next: Found | undefined;
  const named: ImageSymbol[] = [];
  for (let i = found.length - 1; i >= 0; i--) {
    const { unit, ...symbol } = found[i];
    if (unit !== undefined) next = found[i];
    const after = next?.section === symbol.section ? next.unit : undefined;
    const known = unit ?? (before[i] === after ? after : undefined);
    named.push({ ...symbol, sourceFile: known === undefined ? undefined : sourceFileOf(units[known]) });
  }
  return named.reverse();
}

/** What the linker calls an object whose assembler named no file: `head_64.o`. */
function sourceFileOf(unit: string): string {
  return unit.replace(/\.o$/, ".S");
}

const TEXT_TYPES = "tTwWiV";

/** Of a System.map, or /proc/kallsyms of a kernel without KASLR: the kernel's own functions. */
export function readSystemMap(text: string): ImageSymbols {
  const symbols: ImageSymbol[] = [];
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]{8,16}) (\S) (\S+)$/.exec(line);
    if (match === null) continue;
    const [, address, type, name] = match;
    if (TEXT_TYPES.includes(type) && !IGNORED.test(name)) symbols.push({ name, address: BigInt(`0x${address}`) });
  }
  return new ImageSymbols(symbols, () => undefined);
}
