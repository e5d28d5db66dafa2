/** Tasks with what they hold, for a terminal. */
import type { Snapshot } from "../model/snapshot.ts";
import { nameOfTask } from "../format/task-name.ts";
import { column, formatRow } from "./account-file.ts";

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
  return `${lines.join("\n")}\n`;
}
