/** What an ELF file says of itself: System V gABI, chapters 4 and 5; Linux's include/uapi/linux/elf.h. */
import type { RandomAccess } from "../../model/ports.ts";

export type ElfBytes = Pick<RandomAccess, "size" | "read">;

export interface ElfFile {
  /** What the operator called it, for messages. */
  readonly label: string;
  readonly bytes: ElfBytes;
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** `relocatable` are .o and .ko: the values of their symbols count from their section's beginning. */
  readonly type: "relocatable" | "executable" | "shared" | "other";
  /** e_machine: 62 is x86-64, 183 arm64, 40 arm, 3 i386. */
  readonly machine: number;
  /** By index; the first one is the null section. */
  readonly sections: readonly ElfSection[];
}

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  /** SHT_…, see {@link SectionType}. */
  readonly type: number;
  /** Bits of SHF_…, see {@link SectionFlag}; those above 2^32 are lost, of which Linux uses none. */
  readonly flags: number;
  readonly address: bigint;
  /** In the file. */
  readonly offset: number;
  /** Bytes; those of a NOBITS section take no room in the file. */
  readonly size: number;
  /** Index of the section that goes with it: a symbol table's strings. */
  readonly link: number;
  readonly info: number;
  readonly align: number;
}

export const SectionType = { symtab: 2, note: 7, nobits: 8, dynsym: 11, symtabShndx: 18 } as const;
export const SectionFlag = { write: 0x1, alloc: 0x2, exec: 0x4, merge: 0x10, strings: 0x20 } as const;

export type SymbolType = "notype" | "object" | "func" | "section" | "file" | "common" | "tls" | "ifunc" | "other";
export type SymbolBind = "local" | "global" | "weak" | "unique" | "other";

export interface ElfSymbol {
  readonly name: string;
  /** An address; in a relocatable file the distance from its section's beginning; of a common symbol its alignment. */
  readonly value: bigint;
  /** Bytes. */
  readonly size: number;
  readonly type: SymbolType;
  readonly bind: SymbolBind;
  /** Index of the section it lies in. */
  readonly section: number | "undefined" | "absolute" | "common";
}
