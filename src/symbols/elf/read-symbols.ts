/** The symbols of an ELF file, from its .symtab, or where it is stripped from its .dynsym. */
import { damaged } from "./elf-errors.ts";
import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  SectionType,
  type SymbolBind,
  type SymbolType,
} from "./elf-file.ts";
import { readSection } from "./read-elf.ts";
import { viewOf } from "./read-part.ts";
import { StringTable } from "./string-table.ts";

const TYPES: Readonly<Record<number, SymbolType>> = {
  0: "notype",
  1: "object",
  2: "func",
  3: "section",
  4: "file",
  5: "common",
  6: "tls",
  10: "ifunc",
};
const BINDS: Readonly<Record<number, SymbolBind>> = { 0: "local", 1: "global", 2: "weak", 10: "unique" };
const SHN_LORESERVE = 0xff00;
const SHN_COMMON = 0xfff2;
const SHN_XINDEX = 0xffff;

/**
 * In the table's order, which gives the meaning of `file` symbols: the local symbols behind one are of that source file.
 *
 * @returns none where the file has no table
 * @throws {KmemtapError} `symbols/damaged`, `input/unreadable`
 */
export async function readSymbols(elf: ElfFile): Promise<readonly ElfSymbol[]> {
  const { sections, label, bits, littleEndian } = elf;
  const ofType = (type: number) => sections.find((section) => section.type === type);
  const table = ofType(SectionType.symtab) ?? ofType(SectionType.dynsym);
  if (table === undefined) return [];
  const entryBytes = bits === 64 ? 24 : 16;
  const view = viewOf(await readSection(elf, table));
  const count = Math.floor(table.size / entryBytes);
  const names = await stringsOf(elf, table, count);
  const far = await farIndices(elf, table);
  const symbols: ElfSymbol[] = [];
  // The first one is null.
  for (let i = 1; i < count; i++) {
    const at = i * entryBytes;
    const name = names.at(view.getUint32(at, littleEndian));
    if (name === undefined) throw damaged(label, `symbol ${i} has no name`);
    const info = view.getUint8(at + (bits === 64 ? 4 : 12));
    const shndx = view.getUint16(at + (bits === 64 ? 6 : 14), littleEndian);
    const section = shndx === SHN_XINDEX && far !== undefined ? farIndex(far, i, littleEndian) : placeOf(shndx);
    if (typeof section === "number" && section >= sections.length)
      throw damaged(label, `${name} is in section ${section}, which it has not`);
    symbols.push({
      name,
      value: bits === 64 ? view.getBigUint64(at + 8, littleEndian) : BigInt(view.getUint32(at + 4, littleEndian)),
      size: bits === 64 ? Number(view.getBigUint64(at + 16, littleEndian)) : view.getUint32(at + 8, littleEndian),
      type: TYPES[info & 0xf] ?? "other",
      bind: BINDS[info >> 4] ?? "other",
      section,
    });
  }
  return symbols;
}

function placeOf(shndx: number): ElfSymbol["section"] {
  if (shndx === 0) return "undefined";
  if (shndx === SHN_COMMON) return "common";
  // What processors reserve (SHN_X86_64_LCOMMON) Linux does not use.
  return shndx >= SHN_LORESERVE ? "absolute" : shndx;
}

async function stringsOf(elf: ElfFile, table: ElfSection, count: number): Promise<StringTable> {
  if (table.link === 0 || table.link >= elf.sections.length)
    throw damaged(elf.label, `${table.name}'s strings are in section ${table.link}, which it has not`);
  return new StringTable(await readSection(elf, elf.sections[table.link]), count);
}

/** Where a file has more sections than 16 bits count (-ffunction-sections): the symbols' section indices. */
async function farIndices(elf: ElfFile, table: ElfSection): Promise<DataView | undefined> {
  const section = elf.sections.find(({ type, link }) => type === SectionType.symtabShndx && link === table.index);
  return section === undefined ? undefined : viewOf(await readSection(elf, section));
}

function farIndex(far: DataView, i: number, littleEndian: boolean): ElfSymbol["section"] {
  return i * 4 + 4 <= far.byteLength ? far.getUint32(i * 4, littleEndian) : "undefined";
}
