/** Sub-buffers as a kernel would write them, of either byte order and word size. */

export interface Machine {
  readonly little: boolean;
  readonly long: 4 | 8;
}

export const MACHINES: readonly (Machine & { readonly name: string })[] = [
  { name: "64-bit little-endian", little: true, long: 8 },
  { name: "32-bit little-endian", little: true, long: 4 },
  { name: "64-bit big-endian", little: false, long: 8 },
  { name: "32-bit big-endian", little: false, long: 4 },
];

export const PAGE_BYTES = 4096;
const COMMON = 8;
const IDS = { kmalloc: 600, kfree: 601, marker: 5, moduleLoad: 700, moduleFree: 701, other: 42 };

/** As 6.18 has it, but the flags that no test has. */
const PRINT_FLAGS =
  '"gfp_flags=%s", (REC->gfp_flags) ? __print_flags(REC->gfp_flags, "|", {( unsigned long)((( gfp_t)(((((1UL))) << (10))|((((1UL))) << (11)))) | (( gfp_t)((((1UL))) << (6)))), "GFP_NOFS"}, {( unsigned long)(( gfp_t)((((1UL))) << (8))), "__GFP_ZERO"}) : "none"';
export const GFP_ZERO = 0x100n;

/** tracefs' texts: header_page, and the format of each event. */
export function formatsOf({ long }: Machine): { readonly headerPage: string; readonly formats: string[] } {
  const head = 8 + long;
  const headerPage = [
    "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;",
    `\tfield: local_t commit;\toffset:8;\tsize:${long};\tsigned:1;`,
    "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;",
    `\tfield: char data;\toffset:${head};\tsize:${PAGE_BYTES - head};\tsigned:1;`,
    "",
  ].join("\n");
  const common = [
    ["unsigned short common_type", 0, 2],
    ["unsigned char common_flags", 2, 1],
    ["unsigned char common_preempt_count", 3, 1],
    ["int common_pid", 4, 4],
  ] as const;
  const format = (name: string, id: number, fields: readonly (readonly [string, number, number])[], print = "…") =>
    [
      `name: ${name}`,
      `ID: ${id}`,
      "format:",
      ...[...common, ...fields].map(
        ([field, offset, size]) => `\tfield:${field};\toffset:${offset};\tsize:${size};\tsigned:0;`,
      ),
      "",
      `print fmt: ${print}`,
      "",
    ].join("\n");
  const word = (i: number) => COMMON + i * long;
  const site = ["unsigned long call_site", word(0), long] as const;
  const ptr = ["const void * ptr", word(1), long] as const;
  const sizes = [
    ["size_t bytes_req", word(2), long],
    ["size_t bytes_alloc", word(3), long],
  ] as const;
  const gfpFlags = ["unsigned long gfp_flags", word(4), long] as const;
  return {
    headerPage,
    formats: [
      format("kmalloc", IDS.kmalloc, [site, ptr, ...sizes, gfpFlags], PRINT_FLAGS),
      format("kfree", IDS.kfree, [site, ptr]),
      format("print", IDS.marker, [
        ["unsigned long ip", word(0), long],
        ["char buf[]", word(1), 0],
      ]),
      format("module_load", IDS.moduleLoad, [
        ["unsigned int taints", COMMON, 4],
        ["__data_loc char[] name", COMMON + 4, 4],
      ]),
      format("module_free", IDS.moduleFree, [["__data_loc char[] name", COMMON, 4]]),
    ],
  };
}

/** A sub-buffer, record by record. */
export class PageWriter {
  readonly #machine: Machine;
  readonly #bytes = Buffer.alloc(PAGE_BYTES);
  readonly #at: number;
  #end: number;

  constructor(machine: Machine, timeNs: number) {
    this.#machine = machine;
    this.#at = this.#end = 8 + machine.long;
    this.#u64(0, BigInt(timeNs));
  }

  kmalloc(
    delta: number,
    site: bigint,
    ptr: bigint,
    bytesReq: number | bigint,
    bytesAlloc: number | bigint,
    who: Who = {},
  ): this {
    return this.#record(delta, IDS.kmalloc, who, [site, ptr, BigInt(bytesReq), BigInt(bytesAlloc), who.gfpFlags ?? 0n]);
  }

  kfree(delta: number, site: bigint, ptr: bigint, who: Who = {}): this {
    return this.#record(delta, IDS.kfree, who, [site, ptr]);
  }

  other(delta: number): this {
    return this.#record(delta, IDS.other, {}, [1n]);
  }

  marker(delta: number, text: string): this {
    return this.#record(delta, IDS.marker, {}, [0n], Buffer.from(`${text}\n\0`));
  }

  moduleGone(delta: number, name: string): this {
    const at = COMMON + 4;
    const where = Buffer.alloc(4);
    this.#put32(where, 0, ((name.length + 1) << 16) | at);
    return this.#record(delta, IDS.moduleFree, {}, [], Buffer.concat([where, Buffer.from(`${name}\0`)]));
  }

  /** A record whose length stands in a word of its own. */
  long(delta: number, bytes: number): this {
    this.#head(0, delta);
    this.#u32(bytes);
    this.#put16(IDS.other);
    this.#end += bytes - 4 - 2;
    return this;
  }

  timeExtend(ns: number): this {
    this.#head(30, ns % 2 ** 27);
    return this.#u32(Math.floor(ns / 2 ** 27));
  }

  timeStamp(ns: number): this {
    this.#head(31, ns % 2 ** 27);
    return this.#u32(Math.floor(ns / 2 ** 27));
  }

  /** An event that was filtered out when it stood there already. */
  discarded(delta: number, bytes: number): this {
    this.#head(29, delta);
    this.#u32(bytes);
    this.#end += bytes - 4;
    return this;
  }

  /** Nothing up to the end of the data, which is `bytes` further on. */
  nothing(bytes: number): this {
    this.#head(29, 0);
    this.#end += bytes - 4;
    return this;
  }

  /** @param missed events that were overwritten before; null where the kernel does not say how many */
  page(missed?: number | null, committed = this.#end - this.#at): Buffer {
    let commit = committed;
    if (missed !== undefined) commit += 2 ** 31;
    if (typeof missed === "number") {
      commit += 2 ** 30;
      this.#long(this.#end, BigInt(missed));
    }
    this.#long(8, BigInt(commit));
    return Buffer.from(this.#bytes);
  }

  #record(
    delta: number,
    id: number,
    { pid = 1, flags = 0 }: Who,
    longs: readonly bigint[],
    more = Buffer.alloc(0),
  ): this {
    const bytes = COMMON + longs.length * this.#machine.long + more.length;
    const padded = (bytes + 3) & ~3;
    const from = this.#end;
    if (padded / 4 <= 28) this.#head(padded / 4, delta);
    else {
      this.#head(0, delta);
      this.#u32(padded + 4);
    }
    const record = this.#end;
    this.#put16(id);
    this.#bytes[record + 2] = flags;
    this.#put32(this.#bytes, record + 4, pid);
    for (const [i, value] of longs.entries()) this.#long(record + COMMON + i * this.#machine.long, value);
    more.copy(this.#bytes, record + COMMON + longs.length * this.#machine.long);
    this.#end = record + padded;
    if (this.#end > PAGE_BYTES) throw new Error(`no room from ${from} on`);
    return this;
  }

  #head(type: number, delta: number): void {
    this.#u32(this.#machine.little ? type + delta * 32 : type * 2 ** 27 + delta);
  }

  #u32(value: number): this {
    this.#put32(this.#bytes, this.#end, value);
    this.#end += 4;
    return this;
  }

  #put16(value: number): void {
    if (this.#machine.little) this.#bytes.writeUInt16LE(value, this.#end);
    else this.#bytes.writeUInt16BE(value, this.#end);
    this.#end += 2;
  }

  #put32(into: Buffer, at: number, value: number): void {
    if (this.#machine.little) into.writeUInt32LE(value, at);
    else into.writeUInt32BE(value, at);
  }

  #u64(at: number, value: bigint): void {
    if (this.#machine.little) this.#bytes.writeBigUInt64LE(value, at);
    else this.#bytes.writeBigUInt64BE(value, at);
  }

  #long(at: number, value: bigint): void {
    if (this.#machine.long === 8) this.#u64(at, value);
    else this.#put32(this.#bytes, at, Number(value));
  }
}

interface Who {
  readonly pid?: number;
  readonly flags?: number;
  /** Of an allocation. */
  readonly gfpFlags?: bigint;
}
