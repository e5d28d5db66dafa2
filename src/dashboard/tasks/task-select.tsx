/** Which task's allocations are shown; there only where tasks are kept. */
import { useMemo } from "preact/hooks";
import { Select } from "../parts/select.tsx";
import { useSteady } from "../rings/use-steady.ts";
import { linesOf } from "./gather-tasks.ts";
import { isTaskChoice, type TaskChoice } from "./task-choice.ts";
import { tasks, useTasks } from "./tasks.ts";

/** A list that is open must not be made anew with every answer. */
const CHOICES_MS = 10_000;
const MOST = 100;

interface TaskSelectProps {
  readonly task: TaskChoice | null;
  readonly onTask: (task: TaskChoice | null) => void;
}

export function TaskSelect({ task, onTask }: TaskSelectProps) {
  useTasks();
  const answer = tasks.value;
  const steady = useSteady(answer.state === "known" ? answer.value.tasks : undefined, false, CHOICES_MS);
  const rows = steady ?? (answer.state === "known" ? answer.value.tasks : undefined);
  const choices = useMemo(
    () => (rows === undefined ? [] : [...linesOf(rows, "process").slice(0, MOST), ...severalOf(rows)]),
    [rows],
  );
  if (rows === undefined && task === null) return null;
  return (
    <Select
      id="task"
      all="all tasks"
      label="Task"
      value={task ?? ""}
      choices={choices.map(({ choice, name, tasks: count, netBytes }) => ({
        name: choice,
        label: count > 1 ? `${count} of ${name}` : name,
        netBytes,
      }))}
      onChoice={(name) => onTask(isTaskChoice(name) ? name : null)}
    />
  );
}

/** Names that several tasks have. */
function severalOf(rows: Parameters<typeof linesOf>[0]) {
  return linesOf(rows, "name")
    .filter(({ tasks: count }) => count > 1)
    .slice(0, MOST);
}
