/** The phases that ran, and a way into each: its window, of which every view is then. */
import { exactBytes, signedBytes } from "../format/bytes.ts";
import { formatSpan } from "../format/time.ts";
import { Moment } from "../time/moment.tsx";
import { changeView } from "../view/view-store.ts";
import type { PhaseChange } from "./phase-changes.ts";

interface PhasesTableProps {
  readonly phases: readonly PhaseChange[];
  readonly nowS: number;
  readonly exact: boolean;
}

const MOST = 60;
/** Moments are kept some tenths of a second apart: a window as short as a short phase has none of its own. */
const AROUND_S = 0.5;

const WHENCE: Record<PhaseChange["by"], string> = {
  account: "allocated less freed while it ran, as in Workload",
  chart: "read off the chart: of all of the target, whoever allocated it",
};

function Growth({ netBytes, by, exact }: Pick<PhaseChange, "netBytes" | "by"> & { readonly exact: boolean }) {
  if (netBytes === null) return <td title="shorter than the chart's moments are apart">too short to tell</td>;
  return (
    <td title={`${exactBytes(netBytes)}, ${WHENCE[by]}`} data-by={by} data-value={netBytes}>
      {exact ? "" : "≈ "}
      {signedBytes(netBytes)}
    </td>
  );
}

export function PhasesTable({ phases, nowS, exact }: PhasesTableProps) {
  return (
    <table class="plain" data-testid="phases">
      <thead>
        <tr>
          <th scope="col">phase</th>
          <th scope="col">began</th>
          <th scope="col">took</th>
          <th scope="col" title="of older objects too">
            net change
          </th>
          <th scope="col">its callers</th>
        </tr>
      </thead>
      <tbody>
        {phases
          .slice(-MOST)
          .toReversed()
          .map(({ name, round, fromS, toS, by, netBytes }) => (
            <tr key={`${name} ${fromS}`} data-phase={name}>
              <th scope="row">
                {name}
                {phases.some((one) => one.name === name && one.round > 1) && ` · ${round}`}
              </th>
              <td>
                <Moment seconds={fromS} />
              </td>
              <td>{toS === null ? "runs" : formatSpan(toS - fromS)}</td>
              <Growth netBytes={netBytes} by={by} exact={exact} />
              <td>
                <button
                  type="button"
                  class="chip"
                  aria-label={`Show callers of ${name}, ${round}`}
                  onClick={() =>
                    changeView({
                      window: { min: Math.max(0, fromS - AROUND_S), max: (toS ?? nowS) + AROUND_S },
                      moments: null,
                      panel: "callers",
                    })
                  }
                >
                  Show
                </button>
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
