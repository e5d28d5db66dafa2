/** Which of the server's targets is shown, and how the others are. Takes no room where there is one. */
import { humanBytes, signedBytes } from "../format/bytes.ts";
import { Icon } from "../parts/icon.tsx";
import type { TargetSummary } from "../../model/wire.ts";
import { chooseTarget } from "../state/session.ts";
import { changeView } from "../view/view-store.ts";

interface SwitchProps {
  readonly targets: readonly TargetSummary[];
  readonly shown: string | null;
}

export function switchTarget(id: string): void {
  // Window, rows and moments are of the target that was shown.
  changeView({ target: id, window: null, moments: null, open: [], against: null });
  chooseTarget(id);
}

export function TargetSwitch({ targets, shown }: SwitchProps) {
  if (targets.length < 2) return null;
  return (
    <nav class="targets" aria-label="Targets">
      {targets.map((target) => (
        <button
          key={target.id}
          type="button"
          class="target-card"
          data-target={target.id}
          data-state={target.state}
          data-exact={target.exact}
          aria-pressed={target.id === shown}
          title={target.detail}
          onClick={() => switchTarget(target.id)}
        >
          <span class="target-name">
            <Icon name={target.state === "running" ? "dot" : target.state === "failed" ? "cross" : "stop"} />
            {target.id}
          </span>
          <b>{target.neverReached !== undefined ? "–" : `${target.exact ? "" : "≈ "}${humanBytes(target.netBytes)}`}</b>
          <span class="target-more">
            {stateInWords(target)}
            {!target.exact && " · not exact"}
            {target.alerts > 0 && ` · ${target.alerts} alerts`}
          </span>
        </button>
      ))}
    </nav>
  );
}

function stateInWords({ state, detail, neverReached, bytesPerSecond }: TargetSummary): string {
  if (neverReached !== undefined) return `never reached: ${neverReached}`;
  if (state === "running") return `${signedBytes(Math.round(bytesPerSecond))}/s`;
  return state === "failed" && detail !== "" ? `${state}: ${detail}` : state;
}
