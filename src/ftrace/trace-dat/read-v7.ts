/** Version 7 (trace-cmd 3.0 and later): sections in any order, found through options; each may be packed. */
import { DatCursor, DatDamage, inMemory, MAX_TEXT_BYTES } from "./dat-cursor.ts";
import type { DatBuffer, DatCpu, Unpack } from "./dat-file.ts";
import type { DatSections } from "./dat-sections.ts";
import { MAX_CPUS } from "./read-v6.ts";

const OPTION_DONE = 0;
const OPTION_CPUSTAT = 2;
const OPTION_BUFFER = 3;
const OPTION_HEADER_INFO = 16;
const OPTION_FTRACE_EVENTS = 17;
const OPTION_EVENT_FORMATS = 18;
const OPTION_KALLSYMS = 19;
const OPTION_CMDLINES = 21;
const OPTION_BUFFER_TEXT = 22;
const SECTION_OPTIONS = 0;
const SECTION_PACKED = 1;
/** Far more than there are, so that a damaged one that leads back to itself ends. */
const MAX_OPTION_SECTIONS = 1000;

/** A section's contents, and where it stands. */
interface Section {
  readonly cursor: DatCursor;
  readonly size: number;
}

/**
 * Reads on behind the compression's name.
 *
 * @param onDamage hears of each section that cannot be read; the others are
 * @returns true where the file holds a latency tracer's text instead of events
 */
export async function readVersion7(
  cursor: DatCursor,
  unpack: Unpack | undefined,
  into: DatSections,
  buffers: DatBuffer[],
  onDamage: (text: string) => void,
): Promise<boolean> {
  let isText = false;
  const attempt = async (what: string, read: () => Promise<void>) => {
    try {
      await read();
    } catch (thrown) {
      if (!(thrown instanceof DatDamage)) throw thrown;
      onDamage(`its ${what} cannot be read: ${thrown.message}`);
    }
  };
  const section = async (options: DatCursor, read: (cursor: DatCursor) => Promise<void>) => {
    cursor.at = await options.u64();
    await read((await openSection(cursor, undefined, unpack)).cursor);
  };
  let at = await cursor.u64();
  for (let sections = 0; at !== 0 && sections < MAX_OPTION_SECTIONS; sections++) {
    cursor.at = at;
    const { cursor: options, size } = await openSection(cursor, SECTION_OPTIONS, unpack);
    const end = options.at + size;
    at = 0;
    while (options.at + 6 <= end) {
      const option = await options.u16();
      const bytes = await options.u32();
      const next = options.at + bytes;
      if (option === OPTION_DONE) {
        at = await options.u64();
        break;
      }
      if (option === OPTION_CPUSTAT) into.takeStats(await options.text(bytes));
      if (option === OPTION_BUFFER) {
        await attempt("table of CPUs", async () => {
          buffers.push(await readBuffer(options, cursor, unpack));
        });
      }
      if (option === OPTION_HEADER_INFO)
        await attempt("header_page", () => section(options, (text) => into.readHeaderInfo(text)));
      if (option === OPTION_FTRACE_EVENTS)
        await attempt("formats", () => section(options, (text) => into.readFtraceEvents(text)));
      if (option === OPTION_EVENT_FORMATS)
        await attempt("formats", () => section(options, (text) => into.readEventFormats(text)));
      if (option === OPTION_KALLSYMS)
        await attempt("symbols", () => section(options, (text) => into.readKallsyms(text)));
      if (option === OPTION_CMDLINES)
        await attempt("names of tasks", () => section(options, (text) => into.readCmdlines(text)));
      if (option === OPTION_BUFFER_TEXT) isText = true;
      options.at = next;
    }
  }
  return isText && buffers.length === 0;
}

async function openSection(cursor: DatCursor, expected: number | undefined, unpack?: Unpack): Promise<Section> {
  const at = cursor.at;
  const id = await cursor.u16();
  const flags = await cursor.u16();
  // Where its name is among the file's strings.
  await cursor.u32();
  const size = await cursor.u64();
  if (expected !== undefined && id !== expected)
    throw new DatDamage(`no section of options stands at byte ${String(at)}`);
  if ((flags & SECTION_PACKED) === 0) return { cursor, size };
  const packedBytes = await cursor.u32();
  const bytes = await cursor.u32();
  if (unpack === undefined || bytes > MAX_TEXT_BYTES)
    throw new DatDamage(`the section at byte ${String(at)} is packed`);
  const contents = unpackOrDamage(unpack, await cursor.bytes(packedBytes), bytes, at);
  return { cursor: new DatCursor(inMemory(contents), 0, cursor.littleEndian), size: contents.length };
}

function unpackOrDamage(unpack: Unpack, packed: Uint8Array, bytes: number, at: number): Uint8Array {
  try {
    return unpack(packed, bytes);
  } catch {
    throw new DatDamage(`the section at byte ${String(at)} does not unpack`);
  }
}

async function readBuffer(options: DatCursor, file: DatCursor, unpack?: Unpack): Promise<DatBuffer> {
  const at = await options.u64();
  const name = await options.string();
  // Its clock.
  await options.string();
  const pageBytes = await options.u32();
  const count = await options.u32();
  if (count > MAX_CPUS) throw new DatDamage(`it cannot have ${String(count)} CPUs`);
  const cpus: DatCpu[] = [];
  for (let i = 0; i < count; i++) {
    const cpu = await options.u32();
    if (cpu >= MAX_CPUS) throw new DatDamage(`it cannot have a CPU ${String(cpu)}`);
    cpus.push({ cpu, offset: await options.u64(), size: await options.u64() });
  }
  file.at = at + 2;
  const isPacked = ((await file.u16()) & SECTION_PACKED) !== 0;
  if (isPacked && unpack === undefined)
    throw new DatDamage(`buffer '${name}' is packed, and the file does not say how`);
  return { name, cpus, pageBytes, ...(isPacked && unpack !== undefined && { unpack }) };
}
