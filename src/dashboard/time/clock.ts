/** How the page says when something was: so long ago, or by the trace's own clock, which counts from the target's boot. Pure. */
import { formatAge, formatSpan } from "../format/time.ts";
import { isOver } from "../state/is-over.ts";
import type { Account } from "../state/page-state.ts";

export const CLOCKS = ["ago", "uptime"] as const;
export type ClockKind = (typeof CLOCKS)[number];

export interface Clock {
  readonly kind: ClockKind;
  /** The target's present on the trace clock, as far as it is known, seconds. */
  readonly nowS: number;
}

/** How far the trace clock has gone on since the last event, seconds; not at all where nothing more comes. */
export function idleOf(link: Account["link"]): number {
  return isOver(link) ? 0 : link.idleSeconds;
}

/** @param chosen null for what fits: "ago" means nothing where nothing goes on */
export function clockOf(account: Pick<Account, "source" | "link" | "history">, chosen: ClockKind | null): Clock {
  const { source, link, history } = account;
  const isLive = !source.recording && !isOver(link);
  const lastS = history.at(-1)?.[0] ?? 0;
  return {
    kind: chosen ?? (isLive ? "ago" : "uptime"),
    // Of an idle target the last event is as old as the silence; where a backlog waits, the target's clock is ahead of what came.
    nowS: lastS + Math.max(idleOf(link), link.lag?.behindSeconds ?? 0),
  };
}

/** Shorter ago than this is now, seconds. */
const NOW_S = 0.05;

/**
 * `12.3 s ago` or `now`; `83437.571 s` by the trace clock.
 *
 * @param decimals of seconds on the trace clock; below 2 what is ago is told in whole seconds, so that it does not change all the time
 */
export function sayTime({ kind, nowS }: Clock, seconds: number, decimals = 3): string {
  if (kind === "uptime") return `${seconds.toFixed(decimals)} s`;
  if (decimals < 2) return nowS - seconds < 1 ? "now" : `${formatAge((nowS - seconds) * 1000)} ago`;
  return nowS - seconds < NOW_S ? "now" : `${formatSpan(nowS - seconds)} ago`;
}

/** The same moment by the other clock, to the microsecond, as trace lines print it: for what is told when the pointer rests on it. */
export function otherTime({ kind, nowS }: Clock, seconds: number): string {
  const other: Clock = { kind: kind === "ago" ? "uptime" : "ago", nowS };
  return `${other.kind === "uptime" ? "trace clock " : ""}${sayTime(other, seconds, 6)}`;
}

/**
 * Where the axis has its labels: at round times of the clock that is shown, seconds of the trace clock.
 *
 * @param step between two of them, seconds
 */
export function axisSplits({ kind, nowS }: Clock, min: number, max: number, step: number): number[] {
  const zero = kind === "ago" ? nowS : 0;
  // A chart of one moment reaches into the future, of which nothing is ago.
  const until = kind === "ago" ? Math.min(max, nowS) : max;
  const splits: number[] = [];
  for (let k = Math.ceil((min - zero) / step - 1e-9); zero + k * step <= until + step * 1e-9; k++)
    splits.push(zero + k * step);
  return splits;
}

/** `40 s ago`, `2 m ago`, `1 h 30 m ago`, `now`; `83437.5 s`. */
export function axisLabel({ kind, nowS }: Clock, seconds: number): string {
  if (kind === "uptime") return `${Number(seconds.toFixed(6))} s`;
  const ago = Number((nowS - seconds).toFixed(3));
  if (ago <= 0) return "now";
  if (ago < 60) return `${ago} s ago`;
  const [hours, minutes, rest] = [Math.floor(ago / 3600), Math.floor((ago % 3600) / 60), Math.round(ago % 60)];
  const parts = [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} m`, rest > 0 && `${rest} s`];
  return `${parts.filter(Boolean).join(" ")} ago`;
}

/** Steps of the time axis, seconds: round ones of a clock's face. */
export const TIME_STEPS: readonly number[] = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30],
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * 60),
  ...[1, 2, 4, 6, 12, 24, 48, 120, 240, 480, 960].map((hours) => hours * 3600),
];
