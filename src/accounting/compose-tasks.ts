/** The account by task as its readers get it. O(pairs of a task and a call site). */
import { TASKS_SCHEMA } from "../model/schema-name.ts";
import type { CallerRow } from "../model/snapshot.ts";
import type { TaskRow, Tasks } from "../model/tasks.ts";
import type { Task } from "../model/task-table.ts";
import { addUp } from "./compose-snapshot.ts";
import type { TaskAccount } from "./task-account.ts";

export function composeTasks(account: TaskAccount): Tasks {
  const rows = [...account.byTask()].map(([id, callers]) => taskRow(id, account.tasks.task(id), callers));
  rows.sort((a, b) => b.netBytes - a.netBytes || byName(a, b));
  return { schema: TASKS_SCHEMA, tasks: rows };
}

function taskRow(id: number, { pid, comm }: Task, callers: CallerRow[]): TaskRow {
  return { id, pid, comm, ...addUp(callers), callers };
}

function byName(a: Task, b: Task): number {
  if (a.comm !== b.comm) return a.comm < b.comm ? -1 : 1;
  return (a.pid ?? 0) - (b.pid ?? 0);
}
