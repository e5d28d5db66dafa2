/** The tasks that records name by their pid. */
import { INTERRUPT, type TaskTable } from "../../model/task-table.ts";

/** assembly/raw.ts, NO_PID: in place of a pid, of what an interrupt does. */
const NO_PID = 0xffffffff;

export class RawTasks {
  readonly #tasks: TaskTable;

  constructor(tasks: TaskTable) {
    this.#tasks = tasks;
  }

  /** The id of the task that a record's event is of. */
  of(pid: number, inInterrupt: boolean): number {
    return inInterrupt ? INTERRUPT : this.#tasks.ofPid(pid);
  }

  /** Writes the ids of the tasks of so many events, by what the core has of them. */
  ofPids(pids: Uint32Array, events: number, into: Uint32Array): void {
    // Events of a task come in rows.
    let last = NO_PID;
    let id: number = INTERRUPT;
    for (let i = 0; i < events; i++) {
      if (pids[i] !== last) id = this.of((last = pids[i]), last === NO_PID);
      into[i] = id;
    }
  }
}
