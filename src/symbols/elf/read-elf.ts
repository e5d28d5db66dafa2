/** Opens an ELF file: its header and its sections. 32 and 64 bits, both byte orders. */
import { damaged, notElf } from "./elf-errors.ts";
import { type ElfBytes, type ElfFile, type ElfSection, SectionType } from "./elf-file.ts";
import { readPart, viewOf } from "./read-part.ts";
import { StringTable } from "./string-table.ts";

export const ELF_MAGIC = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46]);
/** In e_shstrndx: the index is in the null section's link, as its size then is the number of sections (gABI, "ELF Header"). */
const SHN_XINDEX = 0xffff;
const TYPES: Readonly<Record<number, ElfFile["type"]>> = { 1: "relocatable", 2: "executable", 3: "shared" };
const IDENT_BYTES = 16;

interface Header {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  readonly sectionsAt: number;
  readonly sectionBytes: number;
  readonly sectionCount: number;
  readonly namesIndex: number;
}

/**
 * @param label what the operator called it
 * @throws {KmemtapError} `symbols/not-elf`, `symbols/damaged`, `input/unreadable`
 */
export async function readElf(bytes: ElfBytes, label: string): Promise<ElfFile> {
  const header = await readHeader(bytes, label);
  const { bits, littleEndian, type, machine } = header;
  const sections = await readSections(bytes, label, header);
  return { label, bytes, bits, littleEndian, type: TYPES[type] ?? "other", machine, sections };
}

/** A section's bytes, or some of them; a NOBITS section has none. */
export async function readSection(
  { bytes, label }: Pick<ElfFile, "bytes" | "label">,
  { name, type, offset, size }: ElfSection,
  from = 0,
  length = size - from,
): Promise<Uint8Array> {
  if (type === SectionType.nobits) return new Uint8Array(0);
  const most = Math.max(0, Math.min(length, size - from));
  return readPart(bytes, label, `section ${name}`, offset + from, most);
}

async function readHeader(bytes: ElfBytes, label: string): Promise<Header> {
  const ident = await bytes.read(0, IDENT_BYTES);
  if (Buffer.compare(ident.subarray(0, ELF_MAGIC.length), ELF_MAGIC) !== 0)
    throw notElf(label, ident.length === 0 ? "it is empty" : "it begins otherwise");
  if (ident.length < IDENT_BYTES) throw damaged(label, "it ends within its header");
  const [, , , , fileClass, order] = ident;
  if ((fileClass !== 1 && fileClass !== 2) || (order !== 1 && order !== 2))
    throw damaged(label, `its class is ${String(fileClass)}, its byte order ${String(order)}`);
  const bits = fileClass === 1 ? 32 : 64;
  const littleEndian = order === 1;
  const wide = bits === 64;
  const view = viewOf(await readPart(bytes, label, "the header", 0, wide ? 64 : 52));
  const u16 = (at: number) => view.getUint16(at, littleEndian);
  return {
    bits,
    littleEndian,
    type: u16(16),
    machine: u16(18),
    sectionsAt: wide ? Number(view.getBigUint64(40, littleEndian)) : view.getUint32(32, littleEndian),
    sectionBytes: u16(wide ? 58 : 46),
    sectionCount: u16(wide ? 60 : 48),
    namesIndex: u16(wide ? 62 : 50),
  };
}

async function readSections(bytes: ElfBytes, label: string, header: Header): Promise<readonly ElfSection[]> {
  const { sectionsAt, sectionBytes, bits } = header;
  if (sectionsAt === 0) return [];
  if (sectionBytes < (bits === 64 ? 64 : 40)) throw damaged(label, `its sections' headers have ${sectionBytes} bytes`);
  const what = "the table of sections";
  const first = sectionAt(await readPart(bytes, label, what, sectionsAt, sectionBytes), 0, header);
  const count = header.sectionCount === 0 ? first.size : header.sectionCount;
  const table = await readPart(bytes, label, what, sectionsAt, count * sectionBytes);
  const raw = Array.from({ length: count }, (_, i) => sectionAt(table, i, header));
  const namesIndex = header.namesIndex === SHN_XINDEX ? first.link : header.namesIndex;
  const names = await readNames(bytes, label, raw, namesIndex);
  return raw.map(({ nameAt, ...section }) => {
    const name = names.at(nameAt);
    if (name === undefined) throw damaged(label, `section ${section.index} has no name`);
    const { type, offset, size } = section;
    // Of a size that no double holds there is no section, in a file or in a machine's memory.
    if (size > Number.MAX_SAFE_INTEGER || (type > 0 && type !== SectionType.nobits && offset + size > bytes.size))
      throw damaged(label, `section ${name} ends behind the file's end at byte ${bytes.size}`);
    return { ...section, name };
  });
}

type RawSection = Omit<ElfSection, "name"> & { readonly nameAt: number };

function sectionAt(table: Uint8Array, index: number, { bits, littleEndian, sectionBytes }: Header): RawSection {
  const view = viewOf(table);
  const at = index * sectionBytes;
  const u32 = (offset: number) => view.getUint32(at + offset, littleEndian);
  const common = { index, nameAt: u32(0), type: u32(4) };
  if (bits === 32) {
    const [flags, address, offset, size, link, info, align] = [8, 12, 16, 20, 24, 28, 32].map(u32);
    return { ...common, flags, address: BigInt(address), offset, size, link, info, align };
  }
  const u64 = (offset: number) => view.getBigUint64(at + offset, littleEndian);
  return {
    ...common,
    flags: Number(BigInt.asUintN(32, u64(8))),
    address: u64(16),
    offset: Number(u64(24)),
    size: Number(u64(32)),
    link: u32(40),
    info: u32(44),
    align: Number(u64(48)),
  };
}

async function readNames(
  bytes: ElfBytes,
  label: string,
  sections: readonly RawSection[],
  index: number,
): Promise<StringTable> {
  const section = sections.at(index);
  if (section === undefined) throw damaged(label, `its sections' names are in section ${index}, which it has not`);
  const { offset, size, type } = section;
  if (index === 0 || type === SectionType.nobits) return new StringTable(new Uint8Array(0), 0);
  return new StringTable(await readPart(bytes, label, "the sections' names", offset, size), sections.length);
}
