/** By which callers a task holds what it holds: of a row that is open. */
import { useMemo } from "preact/hooks";
import type { Tasks } from "../../model/tasks.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { useAnswer } from "../api/use-answer.ts";
import { sortCallers } from "../callers/order-callers.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { changeView } from "../view/view-store.ts";
import { callersOf } from "../../model/task-callers.ts";
import { queryOf, type TaskChoice } from "./task-choice.ts";

const EVERY_MS = 3000;
const MOST = 20;
const BY_NET = { column: "net", descending: true } as const;
const NO_ROWS = new Map<string, never>();

export function TaskCallers({ choice, name }: { readonly choice: TaskChoice; readonly name: string }) {
  const answer = useAnswer<Tasks>(pathOfTarget(`tasks.json?${queryOf(choice)}`), EVERY_MS);
  const rows = useMemo(
    () => (answer.state === "known" ? sortCallers([...callersOf(answer.value.tasks, NO_ROWS).values()], BY_NET) : []),
    [answer],
  );
  return (
    <div class="task-callers" role="group" aria-label={`Callers of ${name}`} data-testid="task-callers">
      <p class="details-more">
        {answer.state === "failed" && `not known: ${answer.why}`}
        {answer.state === "asked" && "asking …"}
        {answer.state === "known" && (
          <button type="button" class="chip" onClick={() => changeView({ panel: "callers", task: choice })}>
            All {formatCount(rows.length)} callers in the table
          </button>
        )}
      </p>
      <ol>
        {rows.slice(0, MOST).map((row) => (
          <li key={row.callSite} title={`${exactBytes(row.netBytes)} of ${exactBytes(row.totalBytes)}`}>
            <code>{row.caller}</code> {humanBytes(row.netBytes)} in {formatCount(row.liveObjects)} objects, of{" "}
            {formatCount(row.allocs)} allocations
          </li>
        ))}
      </ol>
    </div>
  );
}
