/** What the lines are, and their values under the pointer or, without one, now. */
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { Quantity } from "../parts/quantity.tsx";
import type { HistoryPoint } from "../../model/wire.ts";

interface LegendProps {
  readonly point: HistoryPoint | null;
  readonly underPointer: boolean;
  readonly losses: number;
  readonly showLive: boolean;
  readonly onShowLive: (show: boolean) => void;
}

export function ChartLegend({ point, underPointer, losses, showLive, onShowLive }: LegendProps) {
  return (
    <div class="chart-legend">
      {point !== null && (
        <>
          <span class="chart-time">
            {underPointer ? "at" : "now"} {point[0].toFixed(3)} s
          </span>
          <span class="key key-net">
            net <Bytes bytes={point[1]} />
          </span>
          <span class="key key-requested">
            requested <Bytes bytes={point[2]} />
          </span>
          <span class="key key-waste">
            waste <Bytes bytes={point[1] - point[2]} />
          </span>
          {losses > 0 && <span class="key key-loss">loss</span>}
        </>
      )}
      <label class="key key-live">
        <input type="checkbox" checked={showLive} onChange={(event) => onShowLive(event.currentTarget.checked)} />
        live objects{" "}
        {showLive && point !== null && (
          <Quantity text={formatCount(point[3])} full={`${formatCount(point[3])} objects`} />
        )}
      </label>
    </div>
  );
}

function Bytes({ bytes }: { readonly bytes: number }) {
  return <Quantity text={humanBytes(bytes, 2)} full={exactBytes(bytes)} />;
}
