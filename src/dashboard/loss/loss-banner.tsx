/** Across the whole page while the account is not exact: what was lost, and where. Each loss by itself is an alert. */
import { plural } from "../format/count.ts";
import { Icon } from "../parts/icon.tsx";
import { Moment } from "../time/moment.tsx";
import type { Account } from "../state/page-state.ts";
import { describeCpu, losingCpus, lossHeadline, rejectedReasons } from "./describe-loss.ts";

export function LossBanner({ account }: { readonly account: Account }) {
  const { exact, loss, input } = account;
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
            {cpu.lastLossNs !== null && (
              <>
                {" "}
                last near <Moment seconds={cpu.lastLossNs / 1e9} />
              </>
            )}
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
    </section>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
