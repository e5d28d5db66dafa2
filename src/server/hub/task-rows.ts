/** Tasks as rows whose sums can be taken down: a pair of a task and a call site is one. */
import type { Tasks } from "../../model/tasks.ts";
import type { MomentRow } from "./moments.ts";

export function taskRows({ tasks }: Tasks): MomentRow[] {
  return tasks.flatMap(({ id, callers = [] }) =>
    callers.map(({ callSite, netBytes, totalBytes, allocs, frees, liveObjects }) => ({
      callSite: `${String(id)} ${callSite}`,
      ...{ netBytes, totalBytes, allocs, frees, liveObjects },
    })),
  );
}

/** @param name of one of {@link taskRows} */
export function pairOf(name: string): { readonly task: number; readonly callSite: string } {
  const space = name.indexOf(" ");
  return { task: Number(name.slice(0, space)), callSite: name.slice(space + 1) };
}
