/** What the operator should know of the target: the newest alert with what would help, and all of them on demand. */
import { useState } from "preact/hooks";
import type { Alert } from "../../model/wire.ts";
import { formatTraceTime, formatWallClock } from "../format/time.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import type { Account } from "../state/page-state.ts";
import { serverNowMs } from "../state/server-clock.ts";
import {
  type AlertLevel,
  countLevels,
  describeCount,
  LEVEL_WORDS,
  LEVELS,
  newestFirst,
  toneOf,
} from "./describe-alerts.ts";

/** As many as anybody reads; the chart marks every loss. */
const SHOWN = 100;

const ICONS: Record<AlertLevel, IconName> = { lost: "warning", warning: "warning", info: "info" };

export function Alerts({ account, clockMs }: { readonly account: Account; readonly clockMs: number }) {
  const { alerts } = account;
  const newest = alerts.at(-1);
  if (newest === undefined) return null;
  const tone = toneOf(newest, serverNowMs(account, clockMs));
  return (
    <section class={`alerts alerts-${tone}`} data-testid="alerts" data-tone={tone} aria-label="Alerts">
      <details>
        <summary>
          <Icon name={ICONS[newest.level]} />
          <span class="alerts-newest">
            {/* The figures go on changing: only this standing word is announced. */}
            <b role="status">{LEVEL_WORDS[newest.level]}.</b> {newest.text}
            {newest.help !== "" && <span class="alert-help"> · what helps: {newest.help}</span>}
          </span>
          <span class="alerts-counts">
            {countLevels(alerts)
              .map(({ level, count }) => describeCount(level, count))
              .join(" · ")}
          </span>
        </summary>
        <AlertList alerts={alerts} />
      </details>
    </section>
  );
}

function AlertList({ alerts }: { readonly alerts: readonly Alert[] }) {
  const [levels, setLevels] = useState<ReadonlySet<AlertLevel>>(new Set(LEVELS));
  const counts = countLevels(alerts);
  return (
    <>
      {counts.length > 1 && (
        <p class="alerts-levels" role="group" aria-label="Levels shown">
          {counts.map(({ level, count }) => (
            <button
              key={level}
              type="button"
              class="chip"
              aria-pressed={levels.has(level)}
              onClick={() => setLevels(toggled(levels, level))}
            >
              {describeCount(level, count)}
            </button>
          ))}
        </p>
      )}
      <ol class="alerts-list" tabIndex={0} aria-label="Alerts, the newest first">
        {newestFirst(alerts, levels, SHOWN).map((alert, index) => (
          <li key={alerts.length - index} class={`alert-${alert.level}`}>
            <time title={alert.timeNs > 0 ? `near ${formatTraceTime(alert.timeNs)} of the trace clock` : undefined}>
              {formatWallClock(alert.atMs)}
            </time>
            <b>
              <Icon name={ICONS[alert.level]} />
              {alert.level}
            </b>
            <span>
              {alert.text}
              {alert.help !== "" && <span class="alert-help">what helps: {alert.help}</span>}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function toggled(levels: ReadonlySet<AlertLevel>, level: AlertLevel): ReadonlySet<AlertLevel> {
  const others = new Set(levels);
  if (!others.delete(level)) others.add(level);
  return others;
}
