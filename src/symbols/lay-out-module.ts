/**
 * A module as if it were loaded. In a .ko all sections begin at address 0, so 0x5 is a place in .text, in .init.text and in .exit.text, and
 * llvm-symbolizer takes the first. It heeds the addresses in the section headers, though: in a copy each section gets one of its own.
 *
 * Its .debug_aranges is emptied: LLVM reads that section without relocating it (DWARFContext, getArangesSection), and would find all units at 0.
 * Without it the units' own ranges are used, which are relocated.
 */
import { constants } from "node:fs";
import { copyFile, type FileHandle, open } from "node:fs/promises";
import { type ElfFile, SectionFlag } from "./elf/elf-file.ts";
import type { SectionAddresses } from "./read-image.ts";

const FIRST_ADDRESS = 0x100000n;
const PAGE = 0x1000n;

/** An address for each section that is loaded. */
export function layOut({ sections }: ElfFile): SectionAddresses {
  const addresses = new Map<number, bigint>();
  let at = FIRST_ADDRESS;
  for (const { index, flags, size, align } of sections) {
    if ((flags & SectionFlag.alloc) === 0) continue;
    const unit = BigInt(Math.max(align, 1)) > PAGE ? BigInt(align) : PAGE;
    at = ((at + unit - 1n) / unit) * unit;
    addresses.set(index, at);
    // A page between: what returns to behind a section's end is not the next one's.
    at += BigInt(size) + PAGE;
  }
  return addresses;
}

/**
 * Writes the copy.
 *
 * @throws what the system says
 */
export async function writeLaidOut(elf: ElfFile, addresses: SectionAddresses, from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const file = await open(to, "r+");
  try {
    const { sectionsAt, sectionBytes } = await headersOf(file, elf);
    const wide = elf.bits === 64;
    for (const { index, name } of elf.sections) {
      const header = sectionsAt + index * sectionBytes;
      const address = addresses.get(index);
      if (address !== undefined) await file.write(word(address, elf), 0, null, header + (wide ? 16 : 12));
      if (/^\.(?:rela?\.)?debug_aranges$/.test(name))
        await file.write(word(0n, elf), 0, null, header + (wide ? 32 : 20));
    }
  } finally {
    await file.close();
  }
}

async function headersOf(file: FileHandle, { bits, littleEndian }: ElfFile) {
  const header = Buffer.alloc(64);
  await file.read(header, 0, 64, 0);
  const view = new DataView(header.buffer, header.byteOffset, 64);
  return bits === 64
    ? { sectionsAt: Number(view.getBigUint64(40, littleEndian)), sectionBytes: view.getUint16(58, littleEndian) }
    : { sectionsAt: view.getUint32(32, littleEndian), sectionBytes: view.getUint16(46, littleEndian) };
}

function word(value: bigint, { bits, littleEndian }: ElfFile): Buffer {
  const bytes = Buffer.alloc(bits / 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bits === 64) view.setBigUint64(0, value, littleEndian);
  else view.setUint32(0, Number(value), littleEndian);
  return bytes;
}
