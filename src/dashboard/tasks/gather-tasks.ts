/** Tasks as rows of a table: each, or those of one name as one. Pure. */
import { nameOfTask } from "../../format/task-name.ts";
import type { TaskRow } from "../../model/tasks.ts";
import type { TaskChoice } from "./task-choice.ts";

export interface TaskLine {
  readonly choice: TaskChoice;
  readonly name: string;
  /** How many tasks it is of. */
  readonly tasks: number;
  readonly netBytes: number;
  /** Between two moments not known: null. */
  readonly wasteBytes: number | null;
  readonly totalBytes: number;
  readonly liveObjects: number;
  readonly allocs: number;
  readonly frees: number;
  /** Of several tasks of one name not known without asking: null. */
  readonly callSites: number | null;
}

/** A task's sums; of a window what is not known between two moments is absent. */
export type TaskSums = Omit<TaskFigures, "wasteBytes"> & Partial<Pick<TaskFigures, "wasteBytes">>;
type TaskFigures = Pick<
  TaskRow,
  "id" | "pid" | "comm" | "netBytes" | "wasteBytes" | "totalBytes" | "liveObjects" | "allocs" | "frees" | "callSites"
>;

export type Gathering = "process" | "name";

export function linesOf(tasks: readonly TaskSums[], by: Gathering): TaskLine[] {
  const lines = tasks.map((row): TaskLine => {
    const { netBytes, wasteBytes = null, totalBytes, liveObjects, allocs, frees, callSites } = row;
    const sums = { netBytes, wasteBytes, totalBytes, liveObjects, allocs, frees, callSites };
    return by === "process"
      ? { choice: `id:${row.id}`, name: nameOfTask(row), tasks: 1, ...sums }
      : { choice: `name:${row.comm}`, name: row.comm, tasks: 1, ...sums };
  });
  if (by === "process") return lines;
  const gathered = new Map<string, TaskLine>();
  for (const line of lines) {
    const before = gathered.get(line.name);
    gathered.set(line.name, before === undefined ? line : sumOf(before, line));
  }
  return [...gathered.values()];
}

function sumOf(a: TaskLine, b: TaskLine): TaskLine {
  return {
    ...a,
    tasks: a.tasks + b.tasks,
    netBytes: a.netBytes + b.netBytes,
    wasteBytes: a.wasteBytes === null || b.wasteBytes === null ? null : a.wasteBytes + b.wasteBytes,
    totalBytes: a.totalBytes + b.totalBytes,
    liveObjects: a.liveObjects + b.liveObjects,
    allocs: a.allocs + b.allocs,
    frees: a.frees + b.frees,
    callSites: null,
  };
}

export type TaskColumn = "task" | "net" | "live" | "waste" | "total" | "allocs" | "frees" | "callers";

const VALUES: Readonly<Record<Exclude<TaskColumn, "task">, (line: TaskLine) => number>> = {
  net: ({ netBytes }) => netBytes,
  live: ({ liveObjects }) => liveObjects,
  waste: ({ wasteBytes }) => wasteBytes ?? 0,
  total: ({ totalBytes }) => totalBytes,
  allocs: ({ allocs }) => allocs,
  frees: ({ frees }) => frees,
  callers: ({ callSites }) => callSites ?? -1,
};

export interface TaskSort {
  readonly column: TaskColumn;
  readonly descending: boolean;
}

/** Those whose name has all the words, in order; ties by name. */
export function orderTasks(lines: readonly TaskLine[], text: string, { column, descending }: TaskSort): TaskLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = descending ? -1 : 1;
  const byName = (a: TaskLine, b: TaskLine) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const value = column === "task" ? undefined : VALUES[column];
  return lines
    .filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))
    .sort((a, b) => (value === undefined ? sign * byName(a, b) : sign * (value(a) - value(b)) || byName(a, b)));
}
