/** An ELF file's loaded bytes in pieces: each belongs to one symbol, or to a section and to no symbol. */
import type { ElfFile, ElfSection, ElfSymbol } from "../elf/elf-file.ts";
import { readSymbols } from "../elf/read-symbols.ts";
import { groupOf, type SectionGroup } from "./section-group.ts";

export interface Piece {
  /** The symbol's; in parentheses the section's, of what no symbol covers: strings, tables, padding. */
  readonly name: string;
  readonly group: SectionGroup;
  readonly bytes: number;
  readonly section: string;
  /** Of its first byte, as the section has it. */
  readonly address: bigint;
  /** Undefined where no symbol covers it. */
  readonly isLocal: boolean | undefined;
  /** Which of the table's `file` symbols its symbol stands behind, counted from 0. */
  readonly fileIndex: number | undefined;
}

export interface Pieces {
  /** Their bytes are those of all loaded sections. */
  readonly pieces: readonly Piece[];
  /** Names of the `file` symbols, in the table's order: that of the linking. */
  readonly files: readonly string[];
}

const ARM = 40;

interface Claim {
  readonly symbol: ElfSymbol;
  readonly fileIndex: number | undefined;
  /** In the section. */
  readonly from: number;
  readonly to: number;
}

/** @throws {KmemtapError} `symbols/damaged`, `input/unreadable` */
export async function readPieces(elf: ElfFile): Promise<Pieces> {
  const files: string[] = [];
  const claims = new Map<number, Claim[]>();
  let fileIndex: number | undefined;
  for (const symbol of await readSymbols(elf)) {
    if (symbol.type === "file") {
      // Behind one without a name is what the linker made.
      fileIndex = symbol.name === "" ? undefined : files.push(symbol.name) - 1;
      continue;
    }
    const claim = claimOf(elf, symbol, symbol.bind === "local" ? fileIndex : undefined);
    if (claim === undefined) continue;
    const section = Number(symbol.section);
    const known = claims.get(section);
    if (known === undefined) claims.set(section, [claim]);
    else known.push(claim);
  }
  const pieces = elf.sections.flatMap((section) => {
    const group = groupOf(section);
    return group === undefined ? [] : piecesOf(section, group, claims.get(section.index) ?? []);
  });
  return { pieces, files };
}

function claimOf(elf: ElfFile, symbol: ElfSymbol, fileIndex: number | undefined): Claim | undefined {
  const { type, size, section: index } = symbol;
  if (size === 0 || type === "section" || typeof index !== "number") return undefined;
  const section = elf.sections[index];
  // Thumb functions are marked by an odd value (ELF for the Arm Architecture).
  const value = elf.machine === ARM && type === "func" ? symbol.value & ~1n : symbol.value;
  const from = Number(elf.type === "relocatable" ? value : value - section.address);
  if (from < 0 || from >= section.size) return undefined;
  return { symbol, fileIndex, from, to: Math.min(from + size, section.size) };
}

/** Of several symbols at the same bytes (aliases, labels within a function) one has them. */
function piecesOf(section: ElfSection, group: SectionGroup, claims: Claim[]): readonly Piece[] {
  const { name: sectionName, address, size } = section;
  const pieces: Piece[] = [];
  let left = size;
  let end = 0;
  for (const { symbol, fileIndex, from, to } of claims.sort(compareClaims)) {
    const begin = Math.max(from, end);
    if (to <= begin) continue;
    end = to;
    left -= to - begin;
    pieces.push({
      name: symbol.name,
      group,
      bytes: to - begin,
      section: sectionName,
      address: address + BigInt(begin),
      isLocal: symbol.bind === "local",
      fileIndex,
    });
  }
  if (left > 0)
    pieces.push({
      name: `(${sectionName})`,
      group,
      bytes: left,
      section: sectionName,
      address,
      isLocal: undefined,
      fileIndex: undefined,
    });
  return pieces;
}

const BIND_ORDER = { global: 0, unique: 0, weak: 1, local: 2, other: 3 } as const;

/** The longest first, then those that others refer to, then by name: so that a build always has the same answer. */
function compareClaims(a: Claim, b: Claim): number {
  return (
    a.from - b.from ||
    b.to - a.to ||
    BIND_ORDER[a.symbol.bind] - BIND_ORDER[b.symbol.bind] ||
    (a.symbol.name < b.symbol.name ? -1 : 1)
  );
}
