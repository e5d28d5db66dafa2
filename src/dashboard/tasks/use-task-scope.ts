/** The scope with one task's part of every caller, where a task was chosen: of the whole trace, or of a window. */
import { useMemo, useRef } from "preact/hooks";
import { callersOf } from "../../model/task-callers.ts";
import type { Tasks } from "../../model/tasks.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { type Answer, useAnswer } from "../api/use-answer.ts";
import { view } from "../view/view-store.ts";
import type { Scope } from "../window/scope.ts";
import { useWindow } from "../window/use-window.ts";
import { windowRows } from "../../model/window-rows.ts";
import { isAmong, queryOf, type TaskChoice } from "./task-choice.ts";
import { tasks, useTasks } from "./tasks.ts";

const EVERY_MS = 2000;
const NO_ROWS = new Map<string, never>();

export function useTaskScope(scope: Scope, task: TaskChoice | null): Scope {
  const { window } = view.value;
  const query = task === null ? "" : queryOf(task);
  const whole = useAnswer<Tasks>(
    task === null || window !== null ? null : pathOfTarget(`tasks.json?${query}`),
    EVERY_MS,
  );
  // Of a window nothing is asked where no tasks are kept, or not this one: the server would refuse, and the browser log it.
  useTasks(task !== null && window !== null);
  const kept = tasks.value;
  const isThere = task !== null && kept.state === "known" && isAmong(task, kept.value.tasks);
  const part = useWindow(isThere ? window : null, scope.nowS, query);
  const live = useRef(scope.callers);
  live.current = scope.callers;
  const callers = useMemo(() => {
    if (whole.state === "known") return callersOf(whole.value.tasks, live.current);
    return part.state === "known" ? windowRows(part.value.callers, live.current) : NO_ROWS;
  }, [whole, part]);
  const netBytes = useMemo(() => [...callers.values()].reduce((sum, row) => sum + row.netBytes, 0), [callers]);
  if (task === null) return scope;
  const key = `${scope.key} ${task}`;
  const used = part.state === "known" ? { min: part.value.from.used, max: part.value.to.used } : null;
  const nothing =
    window !== null && isThere
      ? nothingOf(part, "It did nothing then")
      : nothingOf(window === null ? whole : kept, "This run has no such task");
  return { ...scope, kind: window === null ? "task" : "window", key, callers, totals: { netBytes }, used, nothing };
}

function nothingOf({ state, ...answer }: Answer<unknown>, none: string): string {
  if ("why" in answer) return `Nothing is known of tasks (--tasks keeps them): ${answer.why}`;
  return state === "known" ? none : "Asking for the task …";
}
