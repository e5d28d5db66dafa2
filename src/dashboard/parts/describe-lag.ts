import type { Lag } from "../../model/wire.ts";
import { plural } from "../format/count.ts";
import { formatAge, formatSpan } from "../format/time.ts";

/**
 * `12.3 s behind · 84,000 events waiting · ≈ 40 s to catch up`
 *
 * @param lostEvents as the account has them: of what was overwritten only what it does not know yet is told
 */
export function describeLag(lag: Lag, lostEvents: number): string {
  const ahead = lag.overrun - lostEvents;
  const overwritten =
    ahead > 0 ? [`${plural(ahead, lostEvents > 0 ? "more event" : "event")} overwritten on the target`] : [];
  if (lag.waitingEvents === 0 && lag.behindSeconds < 0.1) return ["up to date", ...overwritten].join(" · ");
  return [
    `${formatSpan(lag.behindSeconds)} behind`,
    `${plural(lag.waitingEvents, "event")} waiting`,
    lag.etaSeconds === null ? "the backlog is growing" : `≈ ${formatAge(lag.etaSeconds * 1000)} to catch up`,
    ...overwritten,
  ].join(" · ");
}
