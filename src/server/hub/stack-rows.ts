/** Kernel stacks as rows whose sums can be taken down: the id of one is its name. */
import type { Stacks } from "../../model/stack-sums.ts";
import type { MomentRow } from "./moments.ts";

export function stackRows({ sums }: Stacks): MomentRow[] {
  return sums.map(({ id, netBytes, totalBytes, allocs, frees, liveObjects }) => ({
    callSite: String(id),
    ...{ netBytes, totalBytes, allocs, frees, liveObjects },
  }));
}

/** @param name of one of {@link stackRows} */
export function stackOf(name: string): number {
  return Number(name);
}
