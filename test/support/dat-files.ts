/** trace.dat files as trace-cmd writes them, of either version, packed or not, from the parts that are given. */
import { deflateSync } from "node:zlib";
import type { RandomAccess } from "../../src/model/ports.ts";
import { formatsOf, type Machine, PAGE_BYTES } from "./raw-pages.ts";

export interface DatParts {
  readonly machine: Machine;
  readonly kallsyms: string;
  /** By instance's name, '' is the top level: the sub-buffers of each CPU. */
  readonly buffers: Readonly<Partial<Record<string, readonly (readonly Uint8Array[])[]>>>;
  /** Texts of the option CPUSTAT. */
  readonly stats?: readonly string[];
}

const MAGIC = Buffer.from("\x17\x08\x44tracing", "latin1");

export function readable(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length))),
    close: () => Promise.resolve(),
  };
}

export function datVersion6({ machine, kallsyms, buffers, stats = [] }: DatParts): Buffer {
  const { u16, u32, u64 } = numbers(machine);
  const texts = descriptions(machine, kallsyms);
  const cpus = Math.max(...Object.values(buffers).map((lanes) => lanes?.length ?? 0));
  const options = [
    ...stats.map((text) => ({ id: 2, data: Buffer.from(`${text}\0`) })),
    { id: 99, data: Buffer.from("unknown") },
  ];
  const names = Object.keys(buffers).filter((name) => name !== "");
  // Sizes do not depend on offsets: the first pass tells where everything stands.
  const layOut = (offsetOf: (name: string) => number, dataOf: (name: string, cpu: number) => number) => {
    const table = (name: string) => [
      Buffer.from("flyrecord\0"),
      ...Array.from({ length: cpus }, (_, cpu) => [
        u64(dataOf(name, cpu)),
        u64(Buffer.concat(buffers[name]?.at(cpu) ?? []).length),
      ]).flat(),
    ];
    const top = Buffer.concat([
      MAGIC,
      Buffer.from("6\0"),
      Buffer.from([machine.little ? 0 : 1, machine.long]),
      u32(PAGE_BYTES),
      texts.headers,
      texts.ftrace,
      texts.events,
      texts.kallsyms,
      u32(3),
      Buffer.from("%s\n"),
      u64(6),
      Buffer.from("1 init"),
      u32(cpus),
      Buffer.from("options  \0"),
      ...options.flatMap(({ id, data }) => [u16(id), u32(data.length), data]),
      ...names.flatMap((name) => [u16(3), u32(9 + name.length), u64(offsetOf(name)), Buffer.from(`${name}\0`)]),
      u16(0),
      ...table(""),
    ]);
    const tables = names.map((name) => Buffer.concat(table(name)));
    return { top, tables };
  };
  const first = layOut(
    () => 0,
    () => 0,
  );
  const tableAt = new Map<string, number>();
  let at = first.top.length;
  for (const [i, name] of names.entries()) {
    tableAt.set(name, at);
    at += first.tables[i].length;
  }
  const dataAt = new Map<string, number>();
  const data: Buffer[] = [];
  let dataFrom = Math.ceil(at / PAGE_BYTES) * PAGE_BYTES;
  const padding = Buffer.alloc(dataFrom - at);
  for (const [name, lanes = []] of Object.entries(buffers)) {
    for (const [cpu, pages] of lanes.entries()) {
      dataAt.set(`${name}/${cpu}`, dataFrom);
      data.push(Buffer.concat(pages));
      dataFrom += pages.length * PAGE_BYTES;
    }
  }
  const { top, tables } = layOut(
    (name) => tableAt.get(name) ?? 0,
    (name, cpu) => dataAt.get(`${name}/${cpu}`) ?? 0,
  );
  return Buffer.concat([top, ...tables, padding, ...data]);
}

export function datVersion7(
  { machine, kallsyms, buffers, stats = [] }: DatParts,
  compression: "none" | "zlib" | "lzma" = "none",
): Buffer {
  const { u16, u32, u64 } = numbers(machine);
  const texts = descriptions(machine, kallsyms);
  const parts: Buffer[] = [];
  let length = 0;
  const put = (...bytes: readonly Buffer[]) => {
    const at = length;
    for (const part of bytes) {
      parts.push(part);
      length += part.length;
    }
    return at;
  };
  const isPacked = compression !== "none";
  const packed = (bytes: Buffer) => {
    const small = deflateSync(bytes, { level: 9 });
    return Buffer.concat([u32(small.length), u32(bytes.length), small]);
  };
  const section = (id: number, bytes: Buffer) => {
    const contents = isPacked ? packed(bytes) : bytes;
    return put(u16(id), u16(isPacked ? 1 : 0), u32(0), u64(contents.length), contents);
  };
  const option = (id: number, data: Buffer) => Buffer.concat([u16(id), u32(data.length), data]);
  put(
    MAGIC,
    Buffer.from("7\0"),
    Buffer.from([machine.little ? 0 : 1, machine.long]),
    u32(PAGE_BYTES),
    Buffer.from(isPacked ? `${compression}\x001.2\0` : "none\0\0"),
  );
  const firstOptions = u64(0);
  put(firstOptions);
  const described = [
    option(16, u64(section(16, texts.headers))),
    option(17, u64(section(17, texts.ftrace))),
    option(18, u64(section(18, texts.events))),
    option(19, u64(section(19, texts.kallsyms))),
    option(99, Buffer.from("unknown")),
    ...stats.map((text) => option(2, Buffer.from(`${text}\0`))),
  ];
  const chunk = (pages: readonly Uint8Array[]) => {
    const chunks = pages.map((page) => packed(Buffer.from(page)));
    return { bytes: Buffer.concat([u32(chunks.length), ...chunks]), count: 4 };
  };
  const bufferOptions = Object.entries(buffers).map(([name, lanes = []]) => {
    const at = put(u16(3), u16(isPacked ? 1 : 0), u32(0), u64(0));
    const table = lanes.map((pages, cpu) => {
      put(Buffer.alloc(Math.ceil(length / PAGE_BYTES) * PAGE_BYTES - length));
      if (pages.length === 0) return [u32(cpu), u64(length), u64(0)];
      const { bytes, count } = isPacked ? chunk(pages) : { bytes: Buffer.concat(pages), count: 0 };
      return [u32(cpu), u64(put(bytes)), u64(bytes.length - count)];
    });
    return option(
      3,
      Buffer.concat([u64(at), Buffer.from(`${name}\0local\0`), u32(PAGE_BYTES), u32(lanes.length), ...table.flat()]),
    );
  });
  const last = section(0, Buffer.concat([...bufferOptions, option(0, u64(0))]));
  const first = section(0, Buffer.concat([...described, option(0, u64(last))]));
  u64(first).copy(firstOptions);
  return Buffer.concat(parts);
}

function descriptions(machine: Machine, kallsyms: string) {
  const { u32, u64 } = numbers(machine);
  const { headerPage, formats } = formatsOf(machine);
  const sized = (text: string) => [u64(Buffer.byteLength(text)), Buffer.from(text)];
  const system = (name: string) => formats.filter((format) => (name === "ftrace") === format.startsWith("name: print"));
  const list = (name: string) => [u32(system(name).length), ...system(name).flatMap(sized)];
  return {
    headers: Buffer.concat([
      Buffer.from("header_page\0"),
      ...sized(headerPage),
      Buffer.from("header_event\0"),
      ...sized("# compressed entry header\n"),
    ]),
    ftrace: Buffer.concat(list("ftrace")),
    events: Buffer.concat([u32(1), Buffer.from("kmem\0"), ...list("kmem")]),
    kallsyms: Buffer.concat([u32(kallsyms.length), Buffer.from(kallsyms)]),
  };
}

function numbers({ little }: Machine) {
  const of = (bytes: number, write: (to: Buffer) => void) => {
    const to = Buffer.alloc(bytes);
    write(to);
    return to;
  };
  return {
    u16: (value: number) => of(2, (to) => (little ? to.writeUInt16LE(value) : to.writeUInt16BE(value))),
    u32: (value: number) => of(4, (to) => (little ? to.writeUInt32LE(value) : to.writeUInt32BE(value))),
    u64: (value: number) =>
      of(8, (to) => (little ? to.writeBigUInt64LE(BigInt(value)) : to.writeBigUInt64BE(BigInt(value)))),
  };
}
