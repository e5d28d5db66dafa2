/** Accounts that are kept besides, as several commands name them. */
export const TASKS_OPTION = [
  "--tasks",
  "keep which task (process, by pid and name) allocated what is held (docs/tasks.md)",
] as const;

export const LIFETIMES_OPTION = [
  "--lifetimes",
  "keep who frees a caller's objects, how long they live, and how old those are that are alive",
] as const;
