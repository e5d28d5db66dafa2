/** Version 6 (trace-cmd before 3.0, or with `--file-version 6`): all descriptions one after the other, then the CPUs' table. */
import { type DatCursor, DatDamage } from "./dat-cursor.ts";
import type { DatBuffer, DatCpu } from "./dat-file.ts";
import type { DatSections } from "./dat-sections.ts";

const OPTION_DONE = 0;
const OPTION_CPUSTAT = 2;
const OPTION_BUFFER = 3;
const OPTION_CPUCOUNT = 8;
/** More than Linux can have (NR_CPUS). */
export const MAX_CPUS = 65_535;
/** `options  \0`, `latency  \0`, `flyrecord\0` */
const KEYWORD_BYTES = 10;

/**
 * Reads on behind the version.
 *
 * @param buffers takes each instance as it is found, so that what comes before damage is kept
 * @returns true where the file holds a latency tracer's text instead of events
 */
export async function readVersion6(cursor: DatCursor, into: DatSections, buffers: DatBuffer[]): Promise<boolean> {
  // Bytes of `long` in the target's user space, and of its pages: the kernel's are in header_page.
  await cursor.bytes(5);
  await into.readHeaderInfo(cursor);
  await into.readFtraceEvents(cursor);
  await into.readEventFormats(cursor);
  await into.readKallsyms(cursor);
  const printkBytes = await cursor.u32();
  cursor.at += printkBytes;
  await into.readCmdlines(cursor);
  let cpus = await cursor.u32();
  const instances: { readonly name: string; readonly at: number }[] = [];
  let keyword = await cursor.text(KEYWORD_BYTES);
  if (keyword.startsWith("options")) {
    for (;;) {
      const option = await cursor.u16();
      if (option === OPTION_DONE) break;
      const size = await cursor.u32();
      const next = cursor.at + size;
      if (option === OPTION_CPUSTAT) into.takeStats(await cursor.text(size));
      if (option === OPTION_BUFFER) instances.push({ at: await cursor.u64(), name: await cursor.string() });
      // Of the machine; the header's count is that of the buffers that follow.
      if (option === OPTION_CPUCOUNT && cpus === 0) cpus = await cursor.u32();
      cursor.at = next;
    }
    keyword = await cursor.text(KEYWORD_BYTES);
  }
  if (keyword.startsWith("latency")) return true;
  buffers.push({ name: "", cpus: await readCpus(cursor, keyword, cpus) });
  for (const { name, at } of instances) {
    // trace-cmd lists the top level among them where it recorded nothing there.
    if (name === "") continue;
    cursor.at = at;
    buffers.push({ name, cpus: await readCpus(cursor, await cursor.text(KEYWORD_BYTES), cpus) });
  }
  return false;
}

async function readCpus(cursor: DatCursor, keyword: string, count: number): Promise<DatCpu[]> {
  if (!keyword.startsWith("flyrecord")) throw new DatDamage(`no table of CPUs stands at byte ${String(cursor.at)}`);
  if (count > MAX_CPUS) throw new DatDamage(`it cannot have ${String(count)} CPUs`);
  const cpus: DatCpu[] = [];
  for (let cpu = 0; cpu < count; cpu++) cpus.push({ cpu, offset: await cursor.u64(), size: await cursor.u64() });
  return cpus;
}
