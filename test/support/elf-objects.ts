/** The small ELF files of scripts/fixtures/elf-objects.sh. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ElfBytes } from "../../src/symbols/elf/elf-file.ts";

export const OBJECTS = ["le64.o", "le32.o", "be64.o", "be32.o", "linked.elf"] as const;

export function objectPath(name: string): string {
  return fileURLToPath(new URL(`../symbols/elf/objects/${name}`, import.meta.url));
}

export function objectBytes(name: string): Buffer {
  return readFileSync(objectPath(name));
}

/** Bytes in memory as a file. */
export function inMemory(bytes: Uint8Array): ElfBytes {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length))),
  };
}
