/** The tasks that records name by their pid. */
import { INTERRUPT, type TaskTable } from "../../model/task-table.ts";

/** assembly/raw.ts, NO_PID: in place of a pid, of what an interrupt does. */
const NO_PID = 0xffffffff;

export class RawTasks {
  readonly #tasks: TaskTable;
  #ids = new Uint32Array(0);

  constructor(tasks: TaskTable) {
    this.#tasks = tasks;
  }

  /** The id of the task that a record's event is of. */
  of(pid: number, inInterrupt: boolean): number {
    return inInterrupt ? INTERRUPT : this.#tasks.ofPid(pid);
  }

  /** The ids of the tasks of so many events, by what the core has of them; valid until the next call. */
  ofPids(pids: Uint32Array, events: number): Uint32Array {
    if (this.#ids.length < events) this.#ids = new Uint32Array(pids.length);
    // Events of a task come in rows.
    let last = NO_PID;
    let id: number = INTERRUPT;
    for (let i = 0; i < events; i++) {
      if (pids[i] !== last) id = this.of((last = pids[i]), last === NO_PID);
      this.#ids[i] = id;
    }
    return this.#ids;
  }
}
