/**
 * Members of an `ar` archive, System V's and GNU's form: kbuild's built-in.a and lib.a. A thin one (`!<thin>`) names files beside it
 * and holds none of their bytes (binutils, bfd/archive.c).
 */
import { KmemtapError } from "../../model/errors.ts";
import { damaged } from "./elf-errors.ts";
import type { ElfBytes } from "./elf-file.ts";
import { readPart } from "./read-part.ts";

const MAGIC_BYTES = 8;
const HEADER_BYTES = 60;
/** An allyesconfig has 30,000. */
const MAX_MEMBERS = 1_000_000;

export interface ArchiveMember {
  /** A file's name; in a thin archive its path, from the archive's directory. */
  readonly name: string;
  /** Of its bytes in the archive; undefined in a thin one. */
  readonly offset: number | undefined;
  /** Bytes, as the archive has it: a thin one does not notice when its file changes. */
  readonly size: number;
  /** In a thin archive: `name` is an archive, and the member's header is at this byte of it. */
  readonly headerInArchive?: number;
}

/** True for the beginning of an archive, thin or not. */
export function isArchive(beginning: Uint8Array): boolean {
  return kindOf(beginning) !== undefined;
}

/**
 * Without the tables of symbols and names, in the archive's order.
 *
 * @throws {KmemtapError} `symbols/not-elf`, `symbols/damaged`, `input/unreadable`
 */
export async function readArchive(bytes: ElfBytes, label: string): Promise<readonly ArchiveMember[]> {
  const kind = kindOf(await bytes.read(0, MAGIC_BYTES));
  if (kind === undefined)
    throw new KmemtapError("symbols/not-elf", `${label} is no archive`, {
      nextStep: "build it again: kbuild makes built-in.a with ar",
    });
  const members: ArchiveMember[] = [];
  let longNames = "";
  for (let at = MAGIC_BYTES; at < bytes.size;) {
    const { name: rawName, size } = headerIn(
      await readPart(bytes, label, "a member's header", at, HEADER_BYTES),
      label,
      at,
    );
    const from = at + HEADER_BYTES;
    const isTable = rawName === "//" || rawName === "/" || rawName === "/SYM64/";
    const isHere = isTable || kind === "full";
    if (isHere && from + size > bytes.size) throw damaged(label, `member ${rawName} ends behind the file's end`);
    if (rawName === "//") longNames = text(await readPart(bytes, label, "the names", from, size));
    else if (!isTable) members.push(await memberOf({ bytes, label, rawName, from, size, kind, longNames }));
    if (members.length > MAX_MEMBERS) throw damaged(label, `it has more than ${String(MAX_MEMBERS)} members`);
    // Members begin at even bytes.
    at = isHere ? from + size + (size % 2) : from;
  }
  return members;
}

function kindOf(beginning: Uint8Array): "full" | "thin" | undefined {
  const magic = text(beginning.subarray(0, MAGIC_BYTES));
  return magic === "!<arch>\n" ? "full" : magic === "!<thin>\n" ? "thin" : undefined;
}

function headerIn(header: Uint8Array, label: string, at: number): { readonly name: string; readonly size: number } {
  const line = text(header);
  const size = line.slice(48, 58).trimEnd();
  if (!line.endsWith("`\n") || !/^\d+$/.test(size)) throw damaged(label, `there is no member at byte ${String(at)}`);
  return { name: line.slice(0, 16).trimEnd(), size: Number(size) };
}

interface Found {
  readonly bytes: ElfBytes;
  readonly label: string;
  readonly rawName: string;
  readonly from: number;
  readonly size: number;
  readonly kind: "full" | "thin";
  readonly longNames: string;
}

async function memberOf({ bytes, label, rawName, from, size, kind, longNames }: Found): Promise<ArchiveMember> {
  const offset = kind === "full" ? from : undefined;
  // `/17`: at byte 17 of the names; `/17:204`: that is an archive, of which it is the member at byte 204.
  // GNU ar leaves a slash in the field's last byte where the name fitted into it (`/70            /`, in kbuild's archives).
  const long = /^\/(\d+)(?::(\d+))? *\/?$/.exec(rawName);
  if (long !== null) {
    const nameAt = long[1];
    const inner = long.at(2);
    const end = longNames.indexOf("\n", Number(nameAt));
    if (end < 0) throw damaged(label, `its table has no name at ${nameAt}`);
    const name = longNames.slice(Number(nameAt), end).replace(/\/$/, "");
    return { name, offset, size, ...(inner !== undefined && { headerInArchive: Number(inner) }) };
  }
  // BSD's ar, and llvm-ar for Darwin: the name's length, and the name in front of the bytes.
  const bsd = /^#1\/(\d+)$/.exec(rawName);
  if (bsd !== null && kind === "full") {
    const nameBytes = Number(bsd[1]);
    if (nameBytes > size || nameBytes > 4096) throw damaged(label, `a name of ${String(nameBytes)} bytes cannot be`);
    const name = text(await readPart(bytes, label, "a name", from, nameBytes)).replace(/\0+$/, "");
    return { name, offset: from + nameBytes, size: size - nameBytes };
  }
  return { name: rawName.replace(/\/$/, ""), offset, size };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
