import type { Task } from "../model/task-table.ts";

/** `modprobe-101`, as the kernel prints it. */
export function nameOfTask({ comm, pid }: Task): string {
  return pid === null ? comm : `${comm}-${String(pid)}`;
}
