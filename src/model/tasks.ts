/**
 * Who allocated what is held, by task: what `tasks.json` of a target answers, and `kmemtap report --json --tasks` adds. Kept where it was
 * asked for (--tasks), since it is a second account. `docs/tasks.schema.json` is generated from it.
 */
import { z } from "zod";
import { callerRowSchema, totalsSchema } from "./caller-row.ts";
import { TASKS_SCHEMA } from "./schema-name.ts";

const count = z.number().int().nonnegative();

export const taskRowSchema = totalsSchema
  .omit({ peakNetBytes: true })
  .extend({
    id: count.describe("of this run: what ?task= takes"),
    pid: count
      .nullable()
      .describe(
        "null of what is no task: (interrupt), (unknown) where the input does not say, (other tasks) beyond the room",
      ),
    comm: z
      .string()
      .describe("its name then; <...> where the kernel has forgotten it; of one pid there are as many rows as names"),
    callers: z
      .array(callerRowSchema)
      .optional()
      .describe(
        "call sites by which it allocated, with its own amounts, by netBytes; absent where they were not asked for",
      ),
  })
  .meta({ id: "TaskRow" });
export type TaskRow = z.infer<typeof taskRowSchema>;

export const tasksSchema = z
  .object({
    schema: z.literal(TASKS_SCHEMA),
    tasks: z
      .array(taskRowSchema)
      .describe("those that allocated, by netBytes, ties by comm and pid; they add up to the snapshot's totals"),
  })
  .meta({ id: "Tasks", title: TASKS_SCHEMA });
export type Tasks = z.infer<typeof tasksSchema>;

export const tasksQuerySchema = z.strictObject({
  task: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional()
    .describe("of this task alone, by its id"),
  comm: z.string().max(100).optional().describe("of all tasks of this name"),
  callers: z.literal("none").optional().describe("without the tasks' callers"),
});
export type TasksQuery = z.infer<typeof tasksQuerySchema>;

/** Those that were asked for. */
export function tasksAsked(all: Tasks, { task, comm, callers }: TasksQuery): Tasks {
  const tasks = all.tasks.filter(
    (row) => (task === undefined || row.id === Number(task)) && (comm === undefined || row.comm === comm),
  );
  return { ...all, tasks: callers === "none" ? tasks.map((row) => ({ ...row, callers: undefined })) : tasks };
}
