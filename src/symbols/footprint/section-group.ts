/** Which of an image's four parts a section belongs to, as GNU `size` sorts them (binutils/size.c). */
import type { StaticBytes } from "../../model/source-tree.ts";
import { type ElfSection, SectionFlag, SectionType } from "../elf/elf-file.ts";

export type SectionGroup = keyof StaticBytes;

/**
 * Undefined for what is not loaded: debug information, symbols, relocations.
 *
 * `size` has three: its `text` is text and rodata here (its `--format=gnu` has rodata with the data instead), its `data` and `bss` are the same.
 */
export function groupOf({ flags, type }: Pick<ElfSection, "flags" | "type">): SectionGroup | undefined {
  if ((flags & SectionFlag.alloc) === 0) return undefined;
  if ((flags & SectionFlag.exec) !== 0) return "text";
  if ((flags & SectionFlag.write) === 0) return "rodata";
  return type === SectionType.nobits ? "bss" : "data";
}

/**
 * Freed when the kernel has booted, or the module is loaded. Of built-in code what is for its end goes as well, with the same sections or when it is linked
 * (include/asm-generic/vmlinux.lds.h, EXIT_TEXT).
 */
export function isInit(section: string, isModule: boolean): boolean {
  return section.startsWith(".init.") || (!isModule && section.startsWith(".exit."));
}

/** What parts of a linked image are that no symbol covers, by their sections: the first that fits. */
const UNCOVERED: readonly [RegExp, string][] = [
  [/^\.orc_|^\.eh_frame/, "(unwind tables)"],
  [/^\.BTF/, "(BTF)"],
  // The linker merges the strings of all files, and switches' tables and constants have no symbols.
  [/^\.rodata|^__ksymtab_strings$/, "(strings and constants)"],
  [/^\.text|^\.init\.text|^\.bss/, "(padding)"],
];

/** The place of what no symbol of a section covers; undefined where the section's name says all that is known. */
export function uncoveredPlace(section: string): string | undefined {
  return UNCOVERED.find(([form]) => form.test(section))?.[1];
}

export function noBytes(): Record<SectionGroup, number> {
  return { text: 0, rodata: 0, data: 0, bss: 0 };
}
