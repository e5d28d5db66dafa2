/** What is to be known of the target beside its numbers: findings, and times without a link. */
import { plural } from "../format/count.ts";
import { Icon } from "../parts/icon.tsx";
import { Popover } from "../parts/popover.tsx";
import type { TargetState } from "../state/page-state.ts";
import { describeGap } from "./describe-gap.ts";
import { HiddenFrees } from "./hidden-frees.tsx";

export function TargetNotes({ target }: { readonly target: TargetState }) {
  const { findings = [], gaps = [], reconciliation } = target;
  return (
    <>
      {reconciliation !== undefined && reconciliation.hiddenFrees > 0 && (
        <HiddenFrees reconciliation={reconciliation} />
      )}
      {gaps.length > 0 && (
        <Popover
          testId="gaps"
          class="popover-right"
          title="times in which the link was down and nothing was recorded"
          summary={
            <>
              <Icon name="unplugged" />
              {plural(gaps.length, "gap")}
            </>
          }
        >
          <p class="popover-lead">The link was down, and nothing was recorded:</p>
          <ol class="notes">
            {gaps.toReversed().map((gap) => (
              <li key={gap.fromMs}>{describeGap(gap)}</li>
            ))}
          </ol>
        </Popover>
      )}
      {findings.length > 0 && (
        <Popover
          testId="findings"
          class="popover-right"
          title="what the target could not do, or what was done about it"
          summary={
            <>
              <Icon name="info" />
              {plural(findings.length, "finding")}
            </>
          }
        >
          <ul class="notes">
            {findings.map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
        </Popover>
      )}
    </>
  );
}
