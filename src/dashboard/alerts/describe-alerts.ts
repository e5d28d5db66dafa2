/** Alerts in words and levels. */
import type { Alert } from "../../model/wire.ts";
import { formatCount } from "../format/count.ts";

export type AlertLevel = Alert["level"];

/** From the worst down. */
export const LEVELS: readonly AlertLevel[] = ["lost", "warning", "info"];

/** What a level is called where it begins a sentence. */
export const LEVEL_WORDS: Record<AlertLevel, string> = { lost: "Lost", warning: "Warning", info: "Note" };

const NOUNS: Record<AlertLevel, readonly [string, string]> = {
  lost: ["loss", "losses"],
  warning: ["warning", "warnings"],
  info: ["note", "notes"],
};

/** An alert is news for so long; after that it is history, and the page is calm again. */
const NEWS_MS = 60_000;

/** How many alerts there are of each level that has any, the worst first. */
export function countLevels(alerts: readonly Alert[]): { level: AlertLevel; count: number }[] {
  return LEVELS.map((level) => ({ level, count: alerts.filter((alert) => alert.level === level).length })).filter(
    ({ count }) => count > 0,
  );
}

/** `12 losses`, `1 warning` */
export function describeCount(level: AlertLevel, count: number): string {
  return `${formatCount(count)} ${NOUNS[level][count === 1 ? 0 : 1]}`;
}

/** The alerts of these levels, the newest first, no more than `limit`. */
export function newestFirst(alerts: readonly Alert[], levels: ReadonlySet<AlertLevel>, limit: number): Alert[] {
  return alerts
    .filter(({ level }) => levels.has(level))
    .slice(-limit)
    .reverse();
}

/** How loud the page is about its newest alert. @param nowMs the server's wall clock, as `atMs` is */
export function toneOf(newest: Alert, nowMs: number): AlertLevel | "past" {
  return nowMs - newest.atMs > NEWS_MS ? "past" : newest.level;
}
