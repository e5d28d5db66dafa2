/** By which callers a task holds what it holds: of a row that is open. */
import { useMemo } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import type { Tasks } from "../../model/tasks.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { useAnswer } from "../api/use-answer.ts";
import { BY_NET, sortCallers } from "../callers/order-callers.ts";
import { exactBytes, humanBytes, signedBytes } from "../format/bytes.ts";
import { formatCount, plural, signedCount } from "../format/count.ts";
import { changeView, view } from "../view/view-store.ts";
import { account } from "../watch/watch.ts";
import { impliedInWindow } from "../window/implied-in-window.ts";
import { useWindow } from "../window/use-window.ts";
import { windowRows } from "../../model/window-rows.ts";
import { callersOf } from "../../model/task-callers.ts";
import { queryOf, type TaskChoice } from "./task-choice.ts";

const EVERY_MS = 3000;
const MOST = 20;
const NO_ROWS = new Map<string, never>();

interface TaskCallersProps {
  readonly choice: TaskChoice;
  readonly name: string;
  /** Trace clock of the account's last event, seconds. */
  readonly nowS: number;
}

export function TaskCallers({ choice, name, nowS }: TaskCallersProps) {
  const { window } = view.value;
  const query = queryOf(choice);
  const whole = useAnswer<Tasks>(window === null ? pathOfTarget(`tasks.json?${query}`) : null, EVERY_MS);
  const part = useWindow(window, nowS, query);
  const answer = window === null ? whole : part;
  const rows = useMemo(() => {
    const callers =
      whole.state === "known"
        ? callersOf(whole.value.tasks, NO_ROWS)
        : windowRows(part.state === "known" ? part.value.callers : [], NO_ROWS);
    return sortCallers([...callers.values()], BY_NET);
  }, [whole, part]);
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
            <code>{row.caller}</code> <b>{window === null ? humanBytes(row.netBytes) : signedBytes(row.netBytes)}</b>{" "}
            <span>{window === null ? heldOf(row) : changeOf(row)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function heldOf({ liveObjects, allocs }: CallerRow): string {
  return `in ${plural(liveObjects, "object")}, of ${plural(allocs, "allocation")}`;
}

function changeOf(row: CallerRow): string {
  const { allocs, frees, impliedFrees, liveObjects } = row;
  const implied =
    impliedFrees > 0 && impliedInWindow(account.value, row) ? `, ${formatCount(impliedFrees)} implied` : "";
  const objects = `${signedCount(liveObjects)} object${Math.abs(liveObjects) === 1 ? "" : "s"}`;
  return `by ${plural(allocs, "allocation")}, ${plural(frees, "free")}${implied}: ${objects}`;
}
