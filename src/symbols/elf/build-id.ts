/** The build-id: a note of the linker's, GNU's of type 3. The running kernel shows its own in /sys/kernel/notes. */
import { type ElfFile, SectionType } from "./elf-file.ts";
import { readSection } from "./read-elf.ts";
import { viewOf } from "./read-part.ts";

const NT_GNU_BUILD_ID = 3;
const GNU = "GNU\0";
const MAX_NOTES_BYTES = 1 << 20;

/** In hexadecimal digits, as `readelf -n` shows it; undefined where there is none. */
export async function readBuildId(elf: ElfFile): Promise<string | undefined> {
  for (const section of elf.sections) {
    if (section.type !== SectionType.note || section.size > MAX_NOTES_BYTES) continue;
    const notes = await readSection(elf, section);
    const found = buildIdIn(notes, elf.littleEndian);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of notes as they are in a section or in /sys/kernel/notes. */
export function buildIdIn(notes: Uint8Array, littleEndian: boolean): string | undefined {
  // Notes are aligned to 4; sections with x86's properties in front of others to 8.
  return search(notes, littleEndian, 4) ?? search(notes, littleEndian, 8);
}

function search(notes: Uint8Array, littleEndian: boolean, align: number): string | undefined {
  const view = viewOf(notes);
  const aligned = (n: number) => Math.ceil(n / align) * align;
  for (let at = 0; at + 12 <= notes.length;) {
    const [nameBytes, idBytes, type] = [0, 4, 8].map((offset) => view.getUint32(at + offset, littleEndian));
    const idAt = aligned(at + 12 + nameBytes);
    if (idAt + idBytes > notes.length) return undefined;
    const name = Buffer.from(notes.subarray(at + 12, at + 12 + nameBytes)).toString("latin1");
    if (name === GNU && type === NT_GNU_BUILD_ID)
      return Buffer.from(notes.subarray(idAt, idAt + idBytes)).toString("hex");
    at = aligned(idAt + idBytes);
  }
  return undefined;
}
