/**
 * A kernel stack as text, behind the event it belongs to (kernel/trace/trace_output.c, trace_stack_print):
 *
 *     modprobe-101     [000] .....     4.252901: <stack trace>
 *      => __kmalloc_noprof+0x24c/0x6b0          without offset and size where the option sym-offset is off
 *      => lsm_blob_alloc+0x3b/0x60
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { ascii, RETURN, SPACE, startsWith } from "./ascii.ts";
import type { EventColumns } from "./event-columns.ts";

const HEAD = ascii("<stack trace>");
const FRAME = ascii(" => ");
/** The kernel's longest (kernel/trace/trace.c, FTRACE_KSTACK_ENTRIES) has fewer; a name has 512 bytes at most (KSYM_NAME_LEN). */
const MAX_FRAMES = 2048;
const MAX_FRAME_BYTES = 700;

/** True for what stands in place of an event's name before a stack's frames. */
export function isStackHead(bytes: Uint8Array, event: number, end: number): boolean {
  return event + HEAD.length <= end && startsWith(bytes, event, HEAD);
}

export class StackLines {
  readonly #sites: CallSiteTable;
  readonly #columns: EventColumns;
  #cpu = 0;
  #at = 0;
  #frames: number[] | undefined;

  constructor(sites: CallSiteTable, columns: EventColumns) {
    this.#sites = sites;
    this.#columns = columns;
  }

  open(cpu: number): void {
    this.close();
    this.#cpu = cpu;
    this.#at = this.#columns.length;
    this.#frames = [];
  }

  /** No more frames come. */
  close(): void {
    const frames = this.#frames;
    if (frames === undefined) return;
    this.#frames = undefined;
    this.#columns.stacks.push({ cpu: this.#cpu, at: this.#at, frames });
  }

  /** The batch ends here: frames may go on in the next one, unless an event has come behind them already. */
  endBatch(): void {
    if (this.#columns.length > this.#at) this.close();
    else this.#at = 0;
  }

  /** Takes a line that is a frame of the stack that is open; false for any other, which ends the stack. */
  takeFrame(bytes: Uint8Array, start: number, end: number): boolean {
    const frames = this.#frames;
    if (frames === undefined || !startsWith(bytes, start, FRAME) || frames.length === MAX_FRAMES) return false;
    const from = start + FRAME.length;
    let to = end;
    while (to > from && (bytes[to - 1] === RETURN || bytes[to - 1] === SPACE)) to--;
    if (to === from || to - from > MAX_FRAME_BYTES) return false;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
    frames.push(this.#sites.idOf(text));
    return true;
  }
}
