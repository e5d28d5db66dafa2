/** Tasks with what they hold, for a terminal. */
import type { Snapshot } from "../model/snapshot.ts";
import { nameOfTask } from "../format/task-name.ts";
import { column, formatRow } from "./account-file.ts";

/** Who looks for callers here finds their number alone. */
const CALLERS_ELSEWHERE =
  "a row is a task, in place of callers: --json has the callers of each task, and without --tasks all callers are listed";

/** @param heading lines above the table */
export function formatTasks({ tasks }: Snapshot, heading: readonly string[] = []): string {
  if (tasks === undefined) return "no tasks: the input does not say whose its allocations are\n";
  const lines = [
    ...heading,
    ...(heading.length === 0 ? [] : [""]),
    "   total    waste      net alloc/free   objects callers  task",
    "-".repeat(64),
  ];
  for (const row of tasks.tasks) {
    const sums = formatRow([row.totalBytes, row.wasteBytes, row.netBytes], row.allocs, row.frees, "");
    lines.push(`${sums}${column(row.liveObjects, 8)} ${column(row.callSites, 7)}  ${nameOfTask(row)}`);
  }
  if (tasks.tasks.length > 0) lines.push("", CALLERS_ELSEWHERE);
  return `${lines.join("\n")}\n`;
}
