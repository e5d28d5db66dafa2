/** `--tasks`, which several commands have. */
export const TASKS_OPTION = [
  "--tasks",
  "keep which task (process, by pid and name) allocated what is held (docs/tasks.md)",
] as const;
