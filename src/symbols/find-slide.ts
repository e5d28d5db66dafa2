/**
 * How far KASLR moved a kernel, from bare return addresses alone. Whatever an address belongs to, a call stands in front of it: only one distance
 * makes that true of all of them. (Of random places in x86 text 2 % do.) What is not proved so is not guessed.
 */
import { type ElfFile, type ElfSection, SectionFlag, SectionType } from "./elf/elf-file.ts";
import { readSection } from "./elf/read-elf.ts";

const MACHINE_386 = 3;
const MACHINE_X86_64 = 62;
/** `call rel32`. */
const CALL = 0xe8;
const CALL_BYTES = 5n;
/** CONFIG_PHYSICAL_ALIGN is this at least, and a kernel's text is within this of where it was linked (arch/x86/mm/kaslr.c, Kconfig). */
const STEP = 0x200000n;
const FARTHEST = 0x40000000n;
/** So many different addresses prove it, where so large a part of them returns to behind a call; the others call through pointers. */
const FEWEST = 8;
const SHARE = 0.8;

/** @returns what was added to the file's addresses; undefined where it is not certain */
export async function findSlide(elf: ElfFile, addresses: readonly bigint[]): Promise<bigint | undefined> {
  if (elf.machine !== MACHINE_386 && elf.machine !== MACHINE_X86_64) return undefined;
  if (addresses.length < FEWEST) return undefined;
  const text = await textOf(elf);
  const proves = (slide: bigint): boolean => {
    const within = addresses.filter((address) => text.holds(address - slide));
    const called = within.filter((address) => text.byteAt(address - slide - CALL_BYTES) === CALL);
    // What is in none of its text may be a module's.
    return called.length >= FEWEST && called.length >= within.length * SHARE;
  };
  const proved: bigint[] = [];
  for (let slide = 0n; slide <= FARTHEST; slide += STEP) if (proves(slide)) proved.push(slide);
  return proved.length === 1 ? proved[0] : undefined;
}

async function textOf(elf: ElfFile) {
  const isText = ({ flags, type }: ElfSection) => (flags & SectionFlag.exec) !== 0 && type !== SectionType.nobits;
  const parts: { from: bigint; bytes: Uint8Array }[] = [];
  for (const section of elf.sections.filter(isText))
    parts.push({ from: section.address, bytes: await readSection(elf, section) });
  const byteAt = (address: bigint) => {
    const part = parts.find(({ from, bytes }) => address >= from && address < from + BigInt(bytes.length));
    return part?.bytes[Number(address - part.from)];
  };
  return { byteAt, holds: (address: bigint) => byteAt(address) !== undefined };
}
