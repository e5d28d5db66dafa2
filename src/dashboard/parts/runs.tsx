import type { RunSummary } from "../../model/wire.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatWallClock } from "../format/time.ts";
import { followLink } from "../link/token.ts";
import { page } from "../state/session.ts";

/** Which boot of the target this is; the earlier ones' accounts are kept by the server. */
export function Runs({ run, previous }: { readonly run: number; readonly previous: readonly RunSummary[] }) {
  const target = page.value.target ?? "";
  const snapshotOf = (earlier: number) => `api/targets/${encodeURIComponent(target)}/snapshot.json?run=${earlier}`;
  if (previous.length === 0) {
    return (
      <span class="run" data-testid="run">
        run {run}
      </span>
    );
  }
  return (
    <details class="runs">
      <summary data-testid="run">
        run {run} <span class="runs-count">· {previous.length} earlier</span>
      </summary>
      <ol class="runs-list" aria-label="Earlier runs">
        {previous.map((earlier) => (
          <li key={earlier.run}>
            <a href={snapshotOf(earlier.run)} onClick={(event) => followLink(event, `run-${earlier.run}.json`)}>
              run {earlier.run}
            </a>
            <span>ended {formatWallClock(earlier.endedMs)}</span>
            <span class="number" title={exactBytes(earlier.totals.netBytes)}>
              {earlier.exact ? "" : "≈ "}
              {humanBytes(earlier.totals.netBytes)} net
            </span>
            <span class="number" title={exactBytes(earlier.totals.peakNetBytes)}>
              {earlier.exact ? "" : "≈ "}
              {humanBytes(earlier.totals.peakNetBytes)} peak
            </span>
            <span>{earlier.exact ? "exact" : "not exact"}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
