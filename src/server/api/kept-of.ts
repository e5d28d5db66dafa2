/** Tasks and stacks of the present run, for what is asked of them. */
import { ExitCode, KmemtapError } from "../../model/errors.ts";
import type { Stacks } from "../../model/stack-sums.ts";
import { type TaskRow, type Tasks, tasksAsked, type TasksQuery } from "../../model/tasks.ts";
import type { TargetHub } from "../hub/target-hub.ts";

/** @throws {KmemtapError} `cli/usage` where none are kept, or none is meant */
export function tasksOf(
  { latest }: TargetHub,
  query: Pick<TasksQuery, "task" | "comm">,
): { readonly all: Tasks; readonly asked: readonly TaskRow[] } {
  const all = latest?.tasks?.();
  if (all === undefined)
    throw unknown(
      "which task allocated what is not kept",
      "start kmemtap with --tasks, and not in mode hist, or ask for no task",
    );
  const asked = tasksAsked(all, { task: query.task, comm: query.comm }).tasks;
  if (asked.length === 0 && (query.task ?? query.comm) !== undefined)
    throw unknown("this run has no such task", "tasks.json?callers=none lists those there are");
  return { all, asked };
}

/** @throws {KmemtapError} `cli/usage` where there are none, or those of a task are meant */
export function stacksOf({ latest }: TargetHub, { task, comm }: Pick<TasksQuery, "task" | "comm">): Stacks {
  if ((task ?? comm) !== undefined)
    throw unknown("which task's a stack was is not kept", "ask for the stacks of all tasks, or for a task's callers");
  const stacks = latest?.stacks?.();
  if (stacks === undefined) throw unknown("no stack was taken", "start kmemtap with --stacks, or ask for no stacks");
  return stacks;
}

/** What the server cannot tell, whoever asks. */
export function unknown(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("cli/usage", message, { nextStep, exitCode: ExitCode.wrongUse });
}
