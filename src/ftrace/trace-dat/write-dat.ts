/**
 * The beginning of a trace.dat of version 6, which every trace-cmd and KernelShark reads: all but the sub-buffers themselves
 * (trace-cmd, Documentation/trace-cmd/trace-cmd.dat.v6.5.txt).
 */
import { TRACE_DAT_MAGIC } from "./dat-file.ts";

export interface DatDescription {
  readonly littleEndian: boolean;
  /** Bytes of the target's `long`. */
  readonly longSize: number;
  /** Bytes of a sub-buffer. */
  readonly pageBytes: number;
  readonly headerPage: string;
  readonly headerEvent: string;
  /** `name: kmalloc …`, as tracefs has them. */
  readonly formats: readonly string[];
  readonly kallsyms: string;
  /** What tasks are called, by their pids. */
  readonly taskNames: ReadonlyMap<number, string>;
  /** `uname -r`, where it is known. */
  readonly release: string | undefined;
  /** Bytes of sub-buffers by CPU. */
  readonly cpuBytes: readonly number[];
}

/** Where a CPU's sub-buffers go, bytes from the file's beginning. */
export interface DatLayout {
  readonly head: Buffer;
  readonly offsets: readonly number[];
}

const OPTION_TRACECLOCK = 4;
const OPTION_UNAME = 5;

export function layOutDat(about: DatDescription): DatLayout {
  const { cpuBytes, pageBytes } = about;
  const front = frontOf(about);
  // Each CPU's part begins on a page of its own.
  let at = roundUp(front.length + 10 + 16 * cpuBytes.length, pageBytes);
  const offsets = cpuBytes.map((bytes) => {
    const offset = at;
    at += roundUp(bytes, pageBytes);
    return offset;
  });
  const out = new DatWriter(about.littleEndian);
  out.bytes(front);
  out.text("flyrecord\0");
  for (const [cpu, bytes] of cpuBytes.entries()) {
    out.u64(bytes === 0 ? 0 : offsets[cpu]);
    out.u64(bytes);
  }
  return { head: out.all(), offsets };
}

/** All up to the CPUs' table. */
function frontOf(about: DatDescription): Buffer {
  const out = new DatWriter(about.littleEndian);
  out.bytes(TRACE_DAT_MAGIC);
  out.text("6\0");
  out.bytes([about.littleEndian ? 0 : 1, about.longSize]);
  out.u32(about.pageBytes);
  out.text("header_page\0");
  out.sized(about.headerPage);
  out.text("header_event\0");
  out.sized(about.headerEvent);
  const systems = new Map<string, string[]>([["ftrace", []]]);
  for (const format of about.formats) {
    const system = systemOf(format);
    systems.set(system, [...(systems.get(system) ?? []), format]);
  }
  const [[, ofFtrace], ...others] = systems;
  out.u32(ofFtrace.length);
  for (const format of ofFtrace) out.sized(format);
  out.u32(others.length);
  for (const [system, formats] of others) {
    out.text(`${system}\0`);
    out.u32(formats.length);
    for (const format of formats) out.sized(format);
  }
  out.u32(Buffer.byteLength(about.kallsyms));
  out.text(about.kallsyms);
  // No strings of trace_printk: they were not recorded.
  out.u32(0);
  // Names are any bytes.
  out.sized([...about.taskNames].map(([pid, name]) => `${pid} ${name}\n`).join(""), "latin1");
  out.u32(about.cpuBytes.length);
  out.text("options  \0");
  out.option(OPTION_TRACECLOCK, "local [global]\0");
  if (about.release !== undefined) out.option(OPTION_UNAME, `Linux ${about.release}\0`);
  out.u16(0);
  return out.all();
}

/** Tracefs keeps formats by system; of those that the agent enables this tells which. */
function systemOf(format: string): string {
  const name = /^name: (\S+)/.exec(format)?.[1] ?? "";
  if (name === "print" || name === "kernel_stack") return "ftrace";
  if (name.startsWith("kmemtap_")) return "kmemtap";
  return name.startsWith("module_") ? "module" : "kmem";
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** In the byte order of the target. */
class DatWriter {
  readonly #parts: Buffer[] = [];
  readonly #littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  all(): Buffer {
    return Buffer.concat(this.#parts);
  }

  bytes(bytes: Uint8Array | readonly number[]): void {
    this.#parts.push(Buffer.from(bytes));
  }

  text(text: string): void {
    this.#parts.push(Buffer.from(text));
  }

  sized(text: string, encoding: BufferEncoding = "utf8"): void {
    const bytes = Buffer.from(text, encoding);
    this.u64(bytes.length);
    this.bytes(bytes);
  }

  option(id: number, text: string): void {
    this.u16(id);
    this.u32(Buffer.byteLength(text));
    this.text(text);
  }

  u16(value: number): void {
    const bytes = Buffer.alloc(2);
    if (this.#littleEndian) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    this.#parts.push(bytes);
  }

  u32(value: number): void {
    const bytes = Buffer.alloc(4);
    if (this.#littleEndian) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    this.#parts.push(bytes);
  }

  u64(value: number): void {
    const bytes = Buffer.alloc(8);
    if (this.#littleEndian) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeBigUInt64BE(BigInt(value));
    this.#parts.push(bytes);
  }
}
