/** Callers of which something stayed of the rounds: leaks first, each with what every round left. */
import type { WorkloadView } from "../../model/workload-view.ts";
import { Sparkline } from "../chart/sparkline.tsx";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";
import { phasesInWords } from "./describe-workload.ts";
import { Quantity } from "../parts/quantity.tsx";

/** Rounds that are told by number; of more there is the line. */
const ROUNDS = 8;

interface GrowthTableProps {
  readonly repeat: NonNullable<WorkloadView["repeat"]>;
  /** The workload has several phases: each row says of which. */
  readonly phased: boolean;
}

export function GrowthTable({ repeat, phased }: GrowthTableProps) {
  const { growing, growingBeyond, perRound } = repeat;
  const newest = perRound.slice(-ROUNDS);
  return (
    <>
      <table class="plain" data-testid="growth">
        <thead>
          <tr>
            <th scope="col">caller</th>
            <th scope="col" class="workload-word">
              verdict
            </th>
            {phased && (
              <th
                scope="col"
                class="workload-text"
                title="objects that are still there, by the phase that allocated them"
              >
                phase
              </th>
            )}
            <th scope="col" title={MEAN}>
              a round, mean
            </th>
            <th
              scope="col"
              title="rounds of the workload, without the first, which fills caches: of how many something stayed"
            >
              grew in
            </th>
            {newest.map(({ round }) => (
              <th scope="col" key={round} title={`objects that round ${round} left`}>
                {round}
              </th>
            ))}
            <th scope="col">how it went</th>
            <th scope="col" class="workload-text">
              why
            </th>
          </tr>
        </thead>
        <tbody>
          {growing.map(
            ({ callSite, caller, verdict, group, byPhase, growthBytesPerRound, survivorsPerRound, reason }) => (
              <tr key={callSite} data-growing={callSite} data-verdict={verdict}>
                <th scope="row">
                  <code>{caller}</code>
                </th>
                <td class="workload-word">
                  {verdict}
                  {group !== undefined && <small title={ALIKE}> alike {group}</small>}
                </td>
                {phased && <td class="workload-text">{phasesInWords(byPhase)}</td>}
                <td>
                  <Quantity
                    text={`+${humanBytes(growthBytesPerRound)}`}
                    full={exactBytes(Math.round(growthBytesPerRound))}
                  />
                </td>
                <td>{grewIn(survivorsPerRound)}</td>
                {survivorsPerRound.slice(-ROUNDS).map((objects, i) => (
                  <td key={newest[i]?.round ?? i} class={objects === 0 ? "nought" : undefined}>
                    {formatCount(objects)}
                  </td>
                ))}
                <td>
                  <Sparkline
                    points={survivorsPerRound.map((objects, i) => [i, objects] as const)}
                    width={90}
                    height={18}
                    label={`objects of ${caller} that each round left`}
                  />
                </td>
                <td class="workload-text">{reason}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      {growingBeyond > 0 && <p class="leaks-note">and {formatCount(growingBeyond)} more callers</p>}
    </>
  );
}

const MEAN =
  "mean over the rounds after the first of the bytes that the caller's net grew by, or of those that stayed where these are less: what is freed of earlier rounds counts against it";
const ALIKE = "callers of the same number left as many objects in every round: they are one piece of evidence";

/** `3 of 3 rounds`. The first is no evidence. */
function grewIn(survivorsPerRound: readonly number[]): string {
  const counted = survivorsPerRound.slice(1);
  return `${formatCount(counted.filter((objects) => objects > 0).length)} of ${plural(counted.length, "round")}`;
}
