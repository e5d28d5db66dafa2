import type { LinkState } from "../../model/wire.ts";
import { formatAge, formatWallClock } from "../format/time.ts";
import type { Account } from "../state/page-state.ts";
import { serverNowMs } from "../state/server-clock.ts";
import { Icon, type IconName } from "./icon.tsx";

const ICONS: Record<LinkState["status"], IconName> = {
  waiting: "ring",
  streaming: "dot",
  silent: "pause",
  ended: "stop",
  failed: "cross",
};

interface StatusProps {
  readonly account: Account;
  readonly clockMs: number;
  readonly stale: boolean;
}

/** The link between kmemtap and its target; the link between this page and kmemtap is ConnectionNotice's. */
export function LinkStatus({ account, clockMs, stale }: StatusProps) {
  const { status, sinceMs, nowMs, detail } = account.link;
  const since = formatWallClock(sinceMs + account.receivedMs - nowMs);
  return (
    <div class={`status status-${status}`} data-testid="status" data-status={status}>
      <span class="status-word" title={`${status} since ${since}`}>
        <Icon name={ICONS[status]} />
        {stale ? `was ${status}` : status}
        {!stale && <span class="status-age"> for {formatAge(serverNowMs(account, clockMs) - sinceMs)}</span>}
      </span>
      {detail !== "" && (
        <span class="status-detail" title={detail}>
          {detail}
        </span>
      )}
    </div>
  );
}
