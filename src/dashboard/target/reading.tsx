/** In which mode and over what link the target is read, and why so. */
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";
import { Popover } from "../parts/popover.tsx";
import type { TargetState } from "../state/page-state.ts";
import {
  describeLink,
  describePrintk,
  describeRelease,
  describeWay,
  formatRate,
  MODE_HINTS,
} from "./describe-reading.ts";

export function Reading({ target }: { readonly target: TargetState }) {
  const { mode, modeReason, link, disorderedEvents = 0, printk, release, bootId } = target;
  if (mode === undefined) return null;
  return (
    <div class="reading">
      <Popover
        testId="reading"
        title={modeReason}
        summary={
          <>
            <b>{mode}</b> {link !== undefined && describeWay(link.kind)}
          </>
        }
      >
        <dl class="facts">
          <dt>{mode}</dt>
          <dd>{MODE_HINTS[mode]}</dd>
          <dt>why</dt>
          <dd>{modeReason}</dd>
          {link !== undefined && (
            <>
              <dt>link</dt>
              <dd>{link.label}</dd>
              <dt>carries</dt>
              <dd>{link.bytesPerSecond === null ? "not known" : formatRate(link.bytesPerSecond)}</dd>
              <dt>received</dt>
              <dd title={exactBytes(link.bytesReceived)}>{humanBytes(link.bytesReceived)}</dd>
              <dt>reconnects</dt>
              <dd>{formatCount(link.reconnects)}</dd>
            </>
          )}
          {disorderedEvents > 0 && (
            <>
              <dt>out of order</dt>
              <dd>{plural(disorderedEvents, "event")}</dd>
            </>
          )}
          {printk !== undefined && (
            <>
              <dt>console</dt>
              <dd>{describePrintk(printk)}</dd>
            </>
          )}
          {release !== undefined && (
            <>
              <dt>kernel</dt>
              <dd>{describeRelease(release)}</dd>
            </>
          )}
          {bootId !== undefined && (
            <>
              <dt>boot</dt>
              <dd>{bootId}</dd>
            </>
          )}
        </dl>
      </Popover>
      {link !== undefined && (
        <span class="reading-link">
          {describeLink(link)}
          {link.reconnects > 0 && (
            <>
              {" · "}
              <span class="reading-broke">{plural(link.reconnects, "reconnect")}</span>
            </>
          )}
        </span>
      )}
    </div>
  );
}
