/** Whose allocations are shown: one task's, by its id in this run, or of all tasks of a name. Pure. */
import type { TaskRow } from "../../model/tasks.ts";

export type TaskChoice = `id:${number}` | `name:${string}`;

export function isTaskChoice(text: string): text is TaskChoice {
  return /^(?:id:\d{1,9}|name:[^]{1,100})$/.test(text);
}

/** What asks for the choice: `["task", "7"]`, `["comm", "sh"]`. */
export function wordsOf(choice: TaskChoice): [name: string, value: string] {
  const [, kind, value] = /^(id|name):([^]*)$/.exec(choice) ?? [];
  return [kind === "id" ? "task" : "comm", value];
}

/** Whether the choice is of one of these: a link may come from another run. */
export function isAmong(choice: TaskChoice, tasks: readonly Pick<TaskRow, "id" | "comm">[]): boolean {
  const [name, value] = wordsOf(choice);
  return tasks.some(({ id, comm }) => (name === "task" ? id === Number(value) : comm === value));
}

/** What of `tasks.json` is the choice's. */
export function queryOf(choice: TaskChoice): string {
  const [name, value] = wordsOf(choice);
  return `${name}=${encodeURIComponent(value)}`;
}
