/** Tasks with what they hold, for a terminal. */
import type { Snapshot } from "../model/snapshot.ts";
import type { Task } from "../model/task-table.ts";
import { column, formatRow } from "./account-file.ts";

export function formatTasks({ tasks }: Snapshot): string {
  if (tasks === undefined) return "no tasks: the input does not say whose its allocations are\n";
  const lines = ["   total    waste      net alloc/free   objects callers  task", "-".repeat(64)];
  for (const row of tasks.tasks) {
    const sums = formatRow([row.totalBytes, row.wasteBytes, row.netBytes], row.allocs, row.frees, "");
    lines.push(`${sums}${column(row.liveObjects, 8)} ${column(row.callSites, 7)}  ${nameOf(row)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** `modprobe-101`, as the kernel prints it. */
export function nameOf({ comm, pid }: Task): string {
  return pid === null ? comm : `${comm}-${String(pid)}`;
}
