/** `modprobe-101`, as the kernel prints it; what is no task has no pid. */
export function nameOfTask({ comm, pid }: { readonly comm: string; readonly pid: number | null }): string {
  return pid === null ? comm : `${comm}-${String(pid)}`;
}
