/** The task that a trace line's head names. */
import { INTERRUPT, NO_TASK, type TaskTable } from "../model/task-table.ts";
import { ascii, isDigit, ZERO } from "./ascii.ts";
import { COMM_COLUMNS, type LineHead } from "./line-head.ts";

/** The third flag, where the event came in an interrupt (kernel/trace/trace_output.c, trace_print_lat_fmt): hard, soft, both, NMI. */
const IN_INTERRUPT = new Set(ascii("hsHzZ"));
const INTERRUPT_FLAG = 2;

export class TextTasks {
  readonly #tasks: TaskTable;
  /** What was asked for last: lines of a task come in rows, and making a string of a name takes longer than comparing it. */
  readonly #comm = new Uint8Array(COMM_COLUMNS);
  #commBytes = -1;
  #pid = 0;
  #id = NO_TASK as number;

  constructor(tasks: TaskTable) {
    this.#tasks = tasks;
  }

  /** The id of the task of a head, which {@link readHead} has read in these bytes. */
  of(bytes: Uint8Array, { commAt, dashAt, flagsAt, clockAt }: LineHead): number {
    const flag = flagsAt + INTERRUPT_FLAG;
    if (flag < clockAt && IN_INTERRUPT.has(bytes[flag])) return INTERRUPT;
    let pid = 0;
    for (let p = dashAt + 1; isDigit(bytes[p]); p++) pid = pid * 10 + (bytes[p] - ZERO);
    if (pid === this.#pid && this.#isLastComm(bytes, commAt, dashAt)) return this.#id;
    const comm = bytes.subarray(commAt, dashAt);
    this.#pid = pid;
    this.#comm.set(comm);
    this.#commBytes = comm.length;
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + commAt, comm.length).toString("utf8");
    this.#id = this.#tasks.named(pid, name.trimStart());
    return this.#id;
  }

  #isLastComm(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from !== this.#commBytes) return false;
    for (let i = 0; i < this.#commBytes; i++) if (bytes[from + i] !== this.#comm[i]) return false;
    return true;
  }
}
