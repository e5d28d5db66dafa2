/** What a trace.dat file says of itself before its events: trace-cmd's `trace-cmd.dat.v6(5)` and `trace-cmd.dat.v7(5)`. */
import type { RawFormats } from "../raw/cpu-stream.ts";

/** `\x17\x08\x44tracing`: how every trace.dat begins. */
export const TRACE_DAT_MAGIC = Uint8Array.from([0x17, 0x08, 0x44, ...Buffer.from("tracing")]);

/** One CPU's sub-buffers in the file. */
export interface DatCpu {
  readonly cpu: number;
  readonly offset: number;
  /** Bytes in the file. */
  readonly size: number;
}

/** The ring buffers of one trace instance. */
export interface DatBuffer {
  /** Empty for the top level. */
  readonly name: string;
  readonly cpus: readonly DatCpu[];
  /** How its sub-buffers are packed; undefined where they are not. */
  readonly unpack?: Unpack;
  /** Of one sub-buffer; undefined where `header_page` alone says it. */
  readonly pageBytes?: number;
}

/** Unpacks one piece; throws where it is damaged. */
export type Unpack = (packed: Uint8Array, bytes: number) => Uint8Array;

/** Of `per_cpu/cpuN/stats` at the end of the recording. */
export interface DatCpuStats {
  readonly buffer: string;
  readonly cpu: number;
  /** Events that were recorded by the kernel, and are in no sub-buffer: overwritten, or refused. */
  readonly lost: number;
}

export interface DatFile {
  /** Undefined where the file does not say it: then no event of it can be read. */
  readonly formats: RawFormats | undefined;
  /** Text of /proc/kallsyms. */
  readonly kallsyms: string;
  /** Text of saved_cmdlines: the names of tasks. */
  readonly cmdlines: string;
  readonly buffers: readonly DatBuffer[];
  readonly stats: readonly DatCpuStats[];
  /** What could not be read of all this, for people. */
  readonly damage: readonly string[];
}
