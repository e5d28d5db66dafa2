/** The scope with one task's part of every caller, where a task was chosen. */
import { useMemo, useRef } from "preact/hooks";
import type { Tasks } from "../../model/tasks.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { type Answer, useAnswer } from "../api/use-answer.ts";
import type { Scope } from "../window/scope.ts";
import { callersOf } from "../../model/task-callers.ts";
import { queryOf, type TaskChoice } from "./task-choice.ts";

const EVERY_MS = 2000;

export function useTaskScope(scope: Scope, task: TaskChoice | null): Scope {
  const isWhole = scope.kind === "whole";
  const path = task === null || !isWhole ? null : pathOfTarget(`tasks.json?${queryOf(task)}`);
  const answer = useAnswer<Tasks>(path, EVERY_MS);
  const live = useRef(scope.callers);
  live.current = scope.callers;
  const callers = useMemo(() => callersOf(answer.state === "known" ? answer.value.tasks : [], live.current), [answer]);
  const netBytes = useMemo(() => [...callers.values()].reduce((sum, row) => sum + row.netBytes, 0), [callers]);
  if (task === null) return scope;
  const key = `${scope.key} ${task}`;
  const nothing = isWhole
    ? nothingOf(answer)
    : "A task's part is known of the whole trace: end the window, or choose all tasks";
  return { ...scope, kind: "task", key, callers, totals: { netBytes }, nothing };
}

function nothingOf(answer: Answer<Tasks>): string {
  if (answer.state === "failed") return `Nothing is known of tasks (--tasks keeps them): ${answer.why}`;
  return answer.state === "known" ? "This run has no such task" : "Asking for the task …";
}
