/** What is known of one caller beyond its row: how it went, where it is in the source, sizes, ways and stacks. */
import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { exactBytes, humanBytes, signedBytes } from "../format/bytes.ts";
import { formatCount, plural, signedCount } from "../format/count.ts";
import { Sparkline } from "../chart/sparkline.tsx";
import { lineOf } from "../chart/stack.ts";
import { Quantity } from "../parts/quantity.tsx";
import { view } from "../view/view-store.ts";
import { recent } from "../watch/seen.ts";
import { account } from "../watch/watch.ts";
import { impliedInWindow } from "../window/implied-in-window.ts";
import type { Scope } from "../window/scope.ts";
import { ClockContext, Moment } from "../time/moment.tsx";
import { CallerFactsView } from "./caller-facts.tsx";
import { CallerLivesView } from "./caller-lives.tsx";
import { describeActive, describeBeyond, describeChain, describeSource, wrapperHint } from "./describe-caller.ts";

interface DetailsProps {
  readonly row: CallerRow;
  readonly scope: Scope;
  readonly onClose: () => void;
}

export function RowDetails({ row, scope, onClose }: DetailsProps) {
  const { nowS } = useContext(ClockContext);
  const beyond = describeBeyond(scope.kind, view.value.task !== null);
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
        {scope.kind !== "window" && <p class="details-more">{describeActive(recent.activeAt(row.callSite), nowS)}</p>}
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
        {scope.kind === "window" ? <InWindow row={row} /> : <Held row={row} />}
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
      <CallerFactsView row={row} beyond={beyond} />
      <CallerLivesView row={row} beyond={beyond} />
    </div>
  );
}

function Held({ row }: { readonly row: CallerRow }) {
  return (
    <>
      <Fact name="net now">
        <Bytes bytes={row.netBytes} /> in {plural(row.liveObjects, "object")}, <Bytes bytes={row.netRequestedBytes} />{" "}
        requested
      </Fact>
      <Fact name="in all">
        <Allocated row={row} />
      </Fact>
    </>
  );
}

/** What was requested is not known between two moments. */
function InWindow({ row }: { readonly row: CallerRow }) {
  const { netBytes, liveObjects, frees, impliedFrees } = row;
  return (
    <>
      <Fact name="in the window">
        <Quantity text={signedBytes(netBytes)} full={exactBytes(netBytes)} /> net, {signedCount(liveObjects)} live
        object
        {Math.abs(liveObjects) === 1 ? "" : "s"}
      </Fact>
      <Fact name="allocated">
        <Allocated row={row} />
      </Fact>
      <Fact name="gone">
        {plural(frees, "free")}
        {impliedInWindow(account.value, row) && `, ${formatCount(impliedFrees)} implied`}
      </Fact>
    </>
  );
}

function Allocated({ row: { totalBytes, allocs } }: { readonly row: CallerRow }) {
  return (
    <>
      <Bytes bytes={totalBytes} /> in {plural(allocs, "allocation")}
      {allocs > 0 && `, ${humanBytes(totalBytes / allocs)} each`}
    </>
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
