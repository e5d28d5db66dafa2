/** How far the guest says it is, and how far the account is behind the guest. Takes no room when neither is known. */
import type { Lag } from "../../model/wire.ts";
import { formatShare } from "../format/count.ts";
import type { Account } from "../state/page-state.ts";
import { describeLag } from "./describe-lag.ts";

export function Progress({ account }: { readonly account: Account }) {
  const { milestone, lag } = account.link;
  if (milestone === null && lag === null) return null;
  return (
    <div class="progress">
      {milestone !== null && (
        <p class="milestone" data-testid="milestone">
          <span class="label">guest</span> {milestone}
        </p>
      )}
      {lag !== null && <LagLine lag={lag} account={account} />}
    </div>
  );
}

function LagLine({ lag, account }: { readonly lag: Lag; readonly account: Account }) {
  const share = coveredShare(lag, account.window);
  const text = describeLag(lag, account.loss.lostEvents);
  return (
    <div class="lag" data-testid="lag">
      <p class="lag-text">{text}</p>
      <div
        class="lag-bar"
        role="progressbar"
        aria-label="How much of the trace the account has reached"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share * 100)}
        aria-valuetext={text}
        title={`the account has reached ${formatShare(share)} of the time traced so far`}
      >
        <span style={{ transform: `scaleX(${share})` }} />
      </div>
    </div>
  );
}

/** What part of the time between the first event and the target's present the account covers. */
function coveredShare(lag: Lag, window: Account["window"]): number {
  if (window.firstEventNs === null || window.lastEventNs === null) return 0;
  const covered = (window.lastEventNs - window.firstEventNs) / 1e9;
  const whole = covered + lag.behindSeconds;
  return whole > 0 ? Math.min(1, covered / whole) : 1;
}
