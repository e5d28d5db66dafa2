/** Who is tapped, how the link stands, and whether the numbers can be trusted: columns of two lines on a wide screen. */
import type { ComponentChildren } from "preact";
import { formatCount } from "../format/count.ts";
import { ExactPill } from "../loss/exact-pill.tsx";
import type { Account } from "../state/page-state.ts";
import { describeRelease } from "../target/describe-reading.ts";
import { Reading } from "../target/reading.tsx";
import { Brand } from "./brand.tsx";
import { Icon } from "./icon.tsx";
import { LinkStatus } from "./link-status.tsx";
import { Runs } from "./runs.tsx";

interface MastheadProps {
  readonly account: Account | null;
  readonly version: string | null;
  readonly clockMs: number;
  /** The page is cut off from kmemtap: this is how things stood. */
  readonly stale: boolean;
  /** What can be done with the page. */
  readonly children: ComponentChildren;
}

export function Masthead({ account, version, clockMs, stale, children }: MastheadProps) {
  return (
    <header class="masthead">
      <Brand version={version} />
      {account !== null && (
        <>
          <Source account={account} />
          <LinkStatus account={account} clockMs={clockMs} stale={stale} />
          <Reading target={account.target} />
          <Throughput bytesPerSecond={account.link.bytesPerSecond} eventsPerSecond={account.link.eventsPerSecond} />
          <ExactPill exact={account.exact} />
        </>
      )}
      {children}
    </header>
  );
}

function Source({ account }: { readonly account: Account }) {
  const { source, filter, previousRuns, target } = account;
  return (
    <div class="source">
      <p class="target" title={source.label} data-testid="target">
        {source.label}
      </p>
      <div class="source-facts">
        <Runs run={source.run} previous={previousRuns} />
        {target.release !== undefined && (
          <span class="release" data-testid="release" title={target.bootId && `boot ${target.bootId}`}>
            {describeRelease(target.release)}
          </span>
        )}
        {source.recording && (
          <span
            class="badge"
            data-testid="recording"
            title="Played back from a recording: nothing here is happening now"
          >
            <Icon name="tape" />
            <span>
              REC<span class="badge-rest">ORDING</span>
            </span>
          </span>
        )}
        {filter !== "all" && (
          <span class="badge" title="Only these allocations are accounted">
            {filter === "malloc" ? "kmalloc only" : "kmem_cache only"}
          </span>
        )}
      </div>
    </div>
  );
}

function Throughput(rates: { readonly bytesPerSecond: number; readonly eventsPerSecond: number }) {
  const kilobytes = rates.bytesPerSecond / 1000;
  return (
    <p class="rates" data-testid="rates">
      <span title={`${formatCount(rates.bytesPerSecond)} bytes a second over the link`}>
        <b>{kilobytes < 100 ? kilobytes.toFixed(1) : formatCount(kilobytes)}</b> kB/s
      </span>
      <span title="allocations and frees accounted a second">
        <b>{formatCount(rates.eventsPerSecond)}</b> events/s
      </span>
    </p>
  );
}
