export interface Task {
  /** Null for what is no task: {@link comm} says what it is. */
  readonly pid: number | null;
  readonly comm: string;
}

/** `modprobe-101`, as the kernel prints it. */
export function nameOfTask({ comm, pid }: Task): string {
  return pid === null ? comm : `${comm}-${String(pid)}`;
}
