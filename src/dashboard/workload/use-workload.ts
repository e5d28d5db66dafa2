/** The account of the workload that runs, or ran last, asked for as long as it may change. */
import type { WorkloadView } from "../../model/workload-view.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { type Answer, useAnswer } from "../api/use-answer.ts";
import type { Account } from "../state/page-state.ts";
import { view } from "../view/view-store.ts";

const EVERY_MS = 2000;

/** Of the window that is chosen; nothing is asked where no workload has run. */
export function useWorkload({ workload: progress }: Pick<Account, "workload">): Answer<WorkloadView> {
  const { window } = view.value;
  const part = window === null ? "" : `?from=${window.min}&to=${window.max}`;
  return useAnswer<WorkloadView>(
    progress === undefined ? null : pathOfTarget(`workload.json${part}`),
    // What is over changes only as what it left is freed.
    progress?.over === true ? 3 * EVERY_MS : EVERY_MS,
  );
}
