/** The task that a trace line's head names. */
import { INTERRUPT, type TaskTable } from "../model/task-table.ts";
import { ascii, isDigit, ZERO } from "./ascii.ts";
import type { LineHead } from "./line-head.ts";

/** The third flag, where the event came in an interrupt (kernel/trace/trace_output.c, trace_print_lat_fmt): hard, soft, both, NMI. */
const IN_INTERRUPT = new Set(ascii("hsHzZ"));
const INTERRUPT_FLAG = 2;

export class TextTasks {
  readonly #tasks: TaskTable;

  constructor(tasks: TaskTable) {
    this.#tasks = tasks;
  }

  /** The id of the task of a head, which {@link readHead} has read in these bytes. */
  of(bytes: Uint8Array, { commAt, dashAt, flagsAt, clockAt }: LineHead): number {
    const flag = flagsAt + INTERRUPT_FLAG;
    if (flag < clockAt && IN_INTERRUPT.has(bytes[flag])) return INTERRUPT;
    let pid = 0;
    for (let p = dashAt + 1; isDigit(bytes[p]); p++) pid = pid * 10 + (bytes[p] - ZERO);
    const comm = Buffer.from(bytes.buffer, bytes.byteOffset + commAt, dashAt - commAt).toString("utf8");
    return this.#tasks.named(pid, comm.trimStart());
  }
}
