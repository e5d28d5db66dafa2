/**
 * Tasks as small integers: who ran when an event was recorded, by pid and name.
 *
 * A trace says a pid with each event, and a name only sometimes: text has the name beside the pid, or `<...>` where the kernel has forgotten it;
 * records have none, and names come apart (`saved_cmdlines`). So a task without a name gets the first one that is learnt of its pid. Another
 * name of the same pid, after an exec or when the pid is given out again, is another task from then on.
 *
 * What the kernel remembered of a pid before its first event may be of a process that is long gone, and had the pid before: until
 * it is said once more such a name is a guess, and gives way.
 */
import { visibleName } from "./printable.ts";

/** Tasks that are none, which a table has from the beginning. */
export const NO_TASK = 0;
/** What an interrupt does is not the doing of the task that it interrupted. */
export const INTERRUPT = 1;
/** All those that there was no room for. */
export const OTHER_TASKS = 2;

const SPECIAL = ["(unknown)", "(interrupt)", "(other tasks)"];
const MOST_TASKS = 16_384;
const MOST_NAMES = 65_536;
/** PID_MAX_LIMIT on 64-bit (linux/threads.h). */
const PIDS = 1 << 22;
/** What the kernel prints of a task whose name it has forgotten (kernel/trace/trace_sched_switch.c). */
const FORGOTTEN = "<...>";
const IDLE = "<idle>";

export interface Task {
  /** Null for what is no task: {@link comm} says what it is. */
  readonly pid: number | null;
  readonly comm: string;
}

/** Ids are given out in order of appearance, and never reused. */
export class TaskTable {
  readonly #most: number;
  readonly #pids: (number | null)[] = SPECIAL.map(() => null);
  readonly #comms: string[] = [...SPECIAL];
  readonly #byName = new Map<string, number>();
  /** What the kernel said last, by pid. Events come later than the names that they had, of which it forgets most within seconds. */
  #names = new Map<number, string>();
  /** Tasks whose names were remembered before their first event, and have not been said since. */
  readonly #guessed = new Set<number>();
  /** By pid: the task that has it now; {@link NO_TASK} where none was seen. */
  #byPid = new Uint32Array(1 << 15);

  /** @param most tasks that are told apart */
  constructor(most = MOST_TASKS) {
    this.#most = most;
  }

  /** How many there are, those that are none among them. */
  get size(): number {
    return this.#pids.length;
  }

  task(id: number): Task {
    return { pid: this.#pids[id], comm: this.#comms[id] };
  }

  /** The task that has a pid now. */
  ofPid(pid: number): number {
    const known = this.#byPid[pid];
    if (known > NO_TASK) return known;
    if (!(pid >= 0 && pid < PIDS)) return NO_TASK;
    const comm = pid === 0 ? IDLE : (this.#names.get(pid) ?? FORGOTTEN);
    const named = this.#byName.get(keyOf(pid, comm));
    if (named !== undefined) return this.#remember(pid, named);
    const id = this.#add(pid, comm);
    if (id > OTHER_TASKS && pid !== 0 && comm !== FORGOTTEN) this.#guessed.add(id);
    return this.#remember(pid, id);
  }

  /** The task of that pid and name, which has the pid from now on. */
  named(pid: number, name: string): number {
    const id = this.ofPid(pid);
    if (id <= OTHER_TASKS || pid === 0 || name === FORGOTTEN) return id;
    const comm = visibleName(name);
    if (this.#comms[id] === comm) {
      this.#guessed.delete(id);
      return id;
    }
    const known = this.#byName.get(keyOf(pid, comm));
    if (known !== undefined) return this.#remember(pid, known);
    if (this.#comms[id] !== FORGOTTEN && !this.#guessed.delete(id)) return this.#remember(pid, this.#add(pid, comm));
    this.#byName.delete(keyOf(pid, this.#comms[id]));
    this.#comms[id] = comm;
    this.#byName.set(keyOf(pid, comm), id);
    return id;
  }

  /** Takes the names that the kernel has at the moment (`saved_cmdlines`), as {@link parseSavedCmdlines} has them. */
  learn(names: ReadonlyMap<number, string>): void {
    if (this.#names.size > MOST_NAMES) this.#names.clear();
    for (const [pid, bytes] of names) {
      const name = Buffer.from(bytes, "latin1").toString("utf8");
      this.#names.set(pid, visibleName(name));
      if (this.#byPid[pid] > OTHER_TASKS) this.named(pid, name);
    }
  }

  #add(pid: number, comm: string): number {
    if (this.#pids.length >= this.#most + SPECIAL.length) return OTHER_TASKS;
    const id = this.#pids.length;
    this.#pids.push(pid);
    this.#comms.push(comm);
    if (comm !== FORGOTTEN) this.#byName.set(keyOf(pid, comm), id);
    return id;
  }

  #remember(pid: number, id: number): number {
    if (pid >= this.#byPid.length) {
      const larger = new Uint32Array(1 << (32 - Math.clz32(pid)));
      larger.set(this.#byPid);
      this.#byPid = larger;
    }
    this.#byPid[pid] = id;
    return id;
  }
}

function keyOf(pid: number, comm: string): string {
  return `${String(pid)} ${comm}`;
}

/**
 * The lines of `saved_cmdlines`, such as `4711 ls`, without those that say nothing. Of several names of a pid the last is the one, as with trace-cmd. Bytes are
 * characters here (latin1), since a name may be any bytes: so it can be written as it was.
 */
export function parseSavedCmdlines(text: string): Map<number, string> {
  const names = new Map<number, string>();
  // A name may have any other end of a line in it, which `$` would take for one.
  for (const line of text.split("\n")) {
    const match = /^(\d+) ([^]+)$/.exec(line);
    if (match !== null && match[2] !== FORGOTTEN) names.set(Number(match[1]), match[2]);
  }
  return names;
}
