/** Which kernel an ELF file belongs to, as `uname -r` says it. */
import { type ElfFile, SectionFlag, SectionType } from "./elf-file.ts";
import { readSection } from "./read-elf.ts";

const CHUNK_BYTES = 1 << 20;
/** A release has 64 characters at most (include/uapi/linux/utsname.h), and the banner's beginning 14. */
const OVERLAP_BYTES = 96;
/** linux_banner (init/version.c) is in .rodata. */
const BANNER = /Linux version (\d[^\s\0]{0,63})[\s\0]/;
/** A module's: `vermagic=6.1.0-18-amd64 SMP preempt mod_unload modversions `. */
const VERMAGIC = /(?:^|\0)vermagic=([^\s\0]{1,64})/;

/** Undefined where the file does not say it. */
export async function readRelease(elf: ElfFile): Promise<string | undefined> {
  const modinfo = elf.sections.find(({ name }) => name === ".modinfo");
  if (modinfo !== undefined) {
    const text = await readSection(elf, modinfo, 0, CHUNK_BYTES);
    const release = VERMAGIC.exec(Buffer.from(text).toString("latin1"))?.[1];
    if (release !== undefined) return release;
  }
  for (const section of elf.sections) {
    if (!section.name.startsWith(".rodata") || !isInImage(section.flags, section.type)) continue;
    for (let from = 0; from < section.size; from += CHUNK_BYTES) {
      const chunk = await readSection(elf, section, from, CHUNK_BYTES + OVERLAP_BYTES);
      const release = BANNER.exec(Buffer.from(chunk).toString("latin1"))?.[1];
      if (release !== undefined) return release;
    }
  }
  return undefined;
}

function isInImage(flags: number, type: number): boolean {
  return (flags & SectionFlag.alloc) !== 0 && type !== SectionType.nobits;
}
