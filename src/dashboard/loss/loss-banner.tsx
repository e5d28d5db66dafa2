/** Across the whole page while the account is not exact: what was lost, where and when. */
import type { Alert } from "../../model/wire.ts";
import { plural } from "../format/count.ts";
import { formatTraceTime, formatWallClock } from "../format/time.ts";
import { Icon } from "../parts/icon.tsx";
import type { Account } from "../state/page-state.ts";
import { describeAlert, describeCpu, losingCpus, lossHeadline, rejectedReasons } from "./describe-loss.ts";

/** As many as anybody reads; the chart marks them all. */
const ALERTS_SHOWN = 100;

export function LossBanner({ account }: { readonly account: Account }) {
  const { exact, loss, input, alerts } = account;
  if (exact) return null;
  return (
    <section class="loss" data-testid="loss" aria-label="Loss">
      <div class="loss-head">
        <Icon name="warning" />
        <p>
          {/* The numbers go on changing: only this standing sentence is announced. */}
          <b role="alert">Not exact.</b> {capital(lossHeadline(loss))}. Every figure marked ≈ is approximate.
        </p>
      </div>
      <ul class="loss-facts">
        {losingCpus(loss).map((cpu) => (
          <li key={`cpu${cpu.cpu}`}>
            <span class="label">CPU {cpu.cpu}</span> <b>{describeCpu(cpu)}</b>
            {cpu.lastLossNs !== null && <> last near {formatTraceTime(cpu.lastLossNs)}</>}
          </li>
        ))}
        {rejectedReasons(input).map(({ reason, lines }) => (
          <li key={`line-${reason}`}>
            <span class="label">rejected</span> <b>{plural(lines, "line")}</b> {reason}
          </li>
        ))}
        {loss.damagedInput.map((what) => (
          <li key={`input-${what}`}>
            <span class="label">damaged</span> {what}
          </li>
        ))}
      </ul>
      {alerts.length > 0 && <AlertList alerts={alerts} />}
    </section>
  );
}

function AlertList({ alerts }: { readonly alerts: readonly Alert[] }) {
  const shown = alerts.slice(-ALERTS_SHOWN).reverse();
  return (
    <details class="loss-alerts">
      <summary>
        {plural(alerts.length, "loss alert")}, the latest: {describeAlert(shown[0])}
      </summary>
      <ol tabIndex={0} aria-label="Loss alerts, the latest first">
        {shown.map((alert, index) => (
          <li key={alerts.length - index}>
            <time>{formatWallClock(alert.atMs)}</time> {describeAlert(alert)}
          </li>
        ))}
      </ol>
    </details>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
