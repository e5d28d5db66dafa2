/** The account's sums: net large, the rest around it. */
import type { ComponentChildren } from "preact";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount, formatShare } from "../format/count.ts";
import { peaksKnown } from "../format/peaks-known.ts";
import { Quantity } from "../parts/quantity.tsx";
import { isOver } from "../state/is-over.ts";
import { idleOf } from "../time/clock.ts";
import { describeTrend, TREND_S, trendOf } from "./trend.ts";
import type { Account } from "../state/page-state.ts";

export function Glance({ account: { totals, loss, history, link, target } }: { readonly account: Account }) {
  // Where nothing more comes there is no trend.
  const hasTrend = !isOver(link);
  const wasteShare = totals.netBytes > 0 ? totals.wasteBytes / totals.netBytes : 0;
  return (
    <section class="glance" aria-label="At a glance">
      <div class="net">
        <h2 class="label">Net allocated now</h2>
        <p class="net-figure" data-testid="net" data-bytes={totals.netBytes}>
          <Quantity text={humanBytes(totals.netBytes, 2)} full={exactBytes(totals.netBytes)} smallUnit />
        </p>
        <p class="net-exact">
          <Quantity text={exactBytes(totals.netBytes)} full={exactBytes(totals.netBytes)} />
          {hasTrend && (
            <span
              class="net-trend"
              data-testid="trend"
              title={`net now, less what it was ${TREND_S} s ago on the trace clock; – while the trace is younger`}
            >
              {describeTrend(trendOf(history, idleOf(link)))}
            </span>
          )}
        </p>
        <div class="split" aria-hidden="true">
          <span class="split-waste" style={{ transform: `scaleX(${clampShare(wasteShare)})` }} />
        </div>
        <dl class="split-legend">
          <Figure name="requested" hint="bytes asked for, of what is allocated now">
            <Quantity text={humanBytes(totals.netRequestedBytes)} full={exactBytes(totals.netRequestedBytes)} />
          </Figure>
          <Figure name="waste" hint="allocated less requested: what the allocator rounded up">
            <Quantity
              text={`${humanBytes(totals.wasteBytes)} · ${formatShare(wasteShare)}`}
              full={exactBytes(totals.wasteBytes)}
            />
          </Figure>
        </dl>
      </div>
      <dl class="figures">
        {peaksKnown(totals) ? (
          <Bytes name="peak net" bytes={totals.peakNetBytes} hint="the most that was allocated at once" />
        ) : (
          <Unknown name="peak net" />
        )}
        <Bytes name="total" bytes={totals.totalBytes} hint="bytes allocated ever" />
        <Count name="live objects" count={totals.liveObjects} hint="allocated and not freed" />
        <Count name="call sites" count={totals.callSites} hint="call sites that allocated" />
        <Count name="allocs" count={totals.allocs} hint="allocations seen" />
        <Count name="frees" count={totals.frees} hint="frees of allocations that were seen" />
        {target.mode === "hist" ? (
          <>
            <Unknown name="unmatched frees" />
            <Unknown name="implied frees" />
          </>
        ) : (
          <>
            <Count
              name="unmatched frees"
              count={loss.unmatchedFrees}
              hint="frees of a pointer whose allocation was not seen, for example made before the tap"
            />
            <Count
              name="implied frees"
              count={loss.impliedFrees}
              hint="addresses allocated again without a free being seen in between"
            />
          </>
        )}
      </dl>
    </section>
  );
}

function Unknown({ name }: { readonly name: string }) {
  return (
    <Figure name={name} hint="not known in this mode">
      –
    </Figure>
  );
}

function Bytes({ name, bytes, hint }: { readonly name: string; readonly bytes: number; readonly hint: string }) {
  return (
    <Figure name={name} hint={hint}>
      <Quantity text={humanBytes(bytes)} full={exactBytes(bytes)} />
    </Figure>
  );
}

function Count({ name, count, hint }: { readonly name: string; readonly count: number; readonly hint: string }) {
  return (
    <Figure name={name} hint={hint}>
      <Quantity text={formatCount(count)} full={`${formatCount(count)} ${name}`} />
    </Figure>
  );
}

interface FigureProps {
  readonly name: string;
  readonly hint: string;
  readonly children: ComponentChildren;
}

function Figure({ name, hint, children }: FigureProps) {
  return (
    <div class="figure" data-figure={name.replace(" ", "-")}>
      <dt title={hint}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function clampShare(share: number): number {
  return Math.min(1, Math.max(0, share));
}
