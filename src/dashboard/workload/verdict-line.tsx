import type { WorkloadView } from "../../model/workload-view.ts";
import { verdictOf } from "./describe-workload.ts";

/** What the rounds of a workload say so far, in its colour. */
export function VerdictLine({ workload }: { readonly workload: WorkloadView }) {
  const { word, reason } = verdictOf(workload);
  return (
    <p class="workload-verdict" data-testid="workload-verdict" data-verdict={word}>
      <strong>{word}</strong> {reason}
    </p>
  );
}
