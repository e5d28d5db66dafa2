/** What is known of one caller beyond its row: how it went, where it is in the source, sizes, ways and stacks. */
import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { Sparkline } from "../chart/sparkline.tsx";
import { lineOf } from "../chart/stack.ts";
import { Quantity } from "../parts/quantity.tsx";
import { recent } from "../watch/seen.ts";
import type { Scope } from "../window/scope.ts";
import { ClockContext, Moment } from "../time/moment.tsx";
import { CallerFactsView } from "./caller-facts.tsx";
import { CallerLivesView } from "./caller-lives.tsx";
import { describeActive, describeChain, describeSource, wrapperHint } from "./describe-caller.ts";

interface DetailsProps {
  readonly row: CallerRow;
  readonly scope: Scope;
  readonly onClose: () => void;
}

export function RowDetails({ row, scope, onClose }: DetailsProps) {
  const { nowS } = useContext(ClockContext);
  const points = historyOf(row, scope);
  const chain = describeChain(row);
  return (
    <div class="details" data-details={row.callSite} role="group" aria-label={`About ${row.caller}`}>
      <div class="details-history">
        <Sparkline points={points} width={260} height={64} label={`net of ${row.caller} over time`} />
        <p class="details-more">
          {scope.kind === "task" ? (
            "of a task's part there is no history"
          ) : points.length < 2 ? (
            "its history begins now"
          ) : (
            <>
              net from <Moment seconds={points[0][0]} decimals={1} /> to{" "}
              <Moment seconds={(points.at(-1) ?? points[0])[0]} decimals={1} />
            </>
          )}
        </p>
        <p class="details-more">{describeActive(recent.activeAt(row.callSite), nowS)}</p>
        <button type="button" class="chip" onClick={onClose}>
          Close
        </button>
      </div>
      <dl class="details-facts">
        <Fact name="call site">
          <code>{row.callSite}</code>
        </Fact>
        {row.wrapper === true && <Fact name="wrapper">{wrapperHint(row)}</Fact>}
        <Fact name="source">{describeSource(row)}</Fact>
        {chain.length > 0 && (
          <Fact name="inlined">
            {chain.map((frame) => (
              <span key={frame}>{frame}</span>
            ))}
          </Fact>
        )}
        <Fact name="net now">
          <Bytes bytes={row.netBytes} /> in {formatCount(row.liveObjects)} objects,{" "}
          <Bytes bytes={row.netRequestedBytes} /> requested
        </Fact>
        <Fact name="in all">
          <Bytes bytes={row.totalBytes} /> in {formatCount(row.allocs)} allocations
          {row.allocs > 0 && `, ${humanBytes(row.totalBytes / row.allocs)} each`}
        </Fact>
        {row.via?.map((way) => (
          <Fact key={way.function} name="via">
            <code>{way.function}</code> {formatCount(way.allocs)} allocations, <Bytes bytes={way.netBytes} /> held
          </Fact>
        ))}
        {row.doubtfulObjects !== undefined && (
          <Fact name="in doubt">
            up to {formatCount(row.doubtfulObjects)} objects may be gone: frees that raised no event
          </Fact>
        )}
        {row.hiddenAllocs !== undefined && (
          <Fact name="hidden">{formatCount(row.hiddenAllocs)} allocations whose pointer the kernel hid</Fact>
        )}
      </dl>
      <CallerFactsView row={row} />
      <CallerLivesView row={row} />
    </div>
  );
}

/** The largest have a line since the run began; of the others there is what this page saw. Up to now, as the row is. */
function historyOf(row: CallerRow, { series, nowS, kind }: Scope): readonly (readonly [number, number])[] {
  // What was seen of a caller is all tasks' of it.
  if (kind === "task") return [];
  const points = lineOf(series, row.callSite) ?? recent.netOf(row.callSite);
  // The net bytes of a window are a change.
  return kind === "window" ? points : [...points, [nowS, row.netBytes]];
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Bytes({ bytes }: { readonly bytes: number }) {
  return <Quantity text={humanBytes(bytes)} full={exactBytes(bytes)} />;
}
