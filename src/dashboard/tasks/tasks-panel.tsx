/** Whose the memory is: tasks with what they hold, each opens to its callers. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { THERE_IS_NONE } from "../api/ask.ts";
import { BY_NET, sortAmong } from "../callers/order-callers.ts";
import { formatCount } from "../format/count.ts";
import { ChoiceChips } from "../parts/choice-chips.tsx";
import { view } from "../view/view-store.ts";
import type { Scope } from "../window/scope.ts";
import { useWindow } from "../window/use-window.ts";
import { type Gathering, linesOf, orderTasks, type TaskSort } from "./gather-tasks.ts";
import { tasks, useTasks } from "./tasks.ts";
import { columnsOf, TasksTable } from "./tasks-table.tsx";

const GATHERINGS = ["process", "name"] as const satisfies readonly Gathering[];
const WORDS: Record<Gathering, string> = { process: "each", name: "by name" };
/** Rows that are drawn; more than anybody reads. */
const MOST = 300;

interface TasksPanelProps {
  readonly scope: Scope;
  readonly viewChoice: ComponentChildren;
}

export function TasksPanel({ scope: { nowS }, viewChoice }: TasksPanelProps) {
  const { window } = view.value;
  useTasks();
  // Where no tasks are kept there is nothing to ask of a window: the server would refuse, and the browser log it.
  const areKept = tasks.value.state === "known";
  const part = useWindow(areKept ? window : null, nowS, "by=task");
  const [by, setBy] = useState<Gathering>("process");
  const [wanted, setSort] = useState<TaskSort>(BY_NET);
  const columns = columnsOf(window !== null);
  const sort = sortAmong(columns, wanted);
  const { text } = view.value.filter;
  const answer = window === null || !areKept ? tasks.value : part;
  const all = useMemo(() => {
    if (answer.state !== "known") return [];
    return linesOf(answer.value.tasks ?? [], by);
  }, [answer, by]);
  const lines = useMemo(() => orderTasks(all, text, sort), [all, text, sort]);
  return (
    <section class="callers" aria-label="Tasks">
      <div class="section-head">
        <h2>Tasks</h2>
        {viewChoice}
        <ChoiceChips
          label="Show tasks"
          choices={GATHERINGS}
          chosen={by}
          words={WORDS}
          data="gathering"
          onChoose={setBy}
        />
        <p class="callers-count" data-testid="tasks-count">
          {lines.length < all.length && `${formatCount(lines.length)} of `}
          {formatCount(all.length)} {by === "process" ? "tasks" : "names"}
        </p>
      </div>
      <div class="callers-scroll">
        {answer.state === "failed" && (
          <p class="callers-empty" data-testid="no-tasks">
            Whose it is is not known: {answer.why === THERE_IS_NONE ? "start kmemtap with --tasks." : answer.why}
          </p>
        )}
        {answer.state === "known" && (
          <TasksTable key={by} lines={lines.slice(0, MOST)} {...{ columns, by, sort, nowS }} onSort={setSort} />
        )}
        {lines.length > MOST && (
          <p class="callers-empty">and {formatCount(lines.length - MOST)} more: the filter finds them</p>
        )}
        {answer.state === "known" && lines.length === 0 && (
          <p class="callers-empty">
            {all.length === 0 ? "Nothing was allocated or freed then" : "No task matches the filter"}
          </p>
        )}
      </div>
    </section>
  );
}
