/** What is drawn on the timeline besides its lines, in words: for its legend, and for those who do not see it. Pure. */
import type { Alert, HistoryPoint, Mark } from "../../model/wire.ts";
import { formatCount } from "../format/count.ts";
import { gapsOf } from "./gaps.ts";
import { phasesOf } from "./phases.ts";

/** Signs that the legend explains, in its order. */
export const SIGNS = ["loss", "gap", "warning", "mark", "phase"] as const;
export type Sign = (typeof SIGNS)[number];

export interface Drawable {
  readonly alerts: readonly Alert[];
  readonly marks: readonly Mark[];
  readonly history: readonly HistoryPoint[];
}

const PLURALS: Record<Sign, string> = {
  loss: "losses",
  gap: "gaps",
  warning: "warnings",
  mark: "marks",
  phase: "phases",
};

export function countSigns({ alerts, marks }: Omit<Drawable, "history">): Record<Sign, number> {
  const marked = (...kinds: Mark["kind"][]) => marks.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    loss: alerts.filter(({ level }) => level === "lost").length,
    gap: marked("gap"),
    warning: alerts.filter(({ level }) => level === "warning").length,
    mark: marked("user", "boot"),
    phase: marked("phase-begin"),
  };
}

/** `2 losses, 1 gap and 3 phases are marked`; empty where nothing is. */
export function describeSigns(counts: Record<Sign, number>): string {
  const words = SIGNS.filter((sign) => counts[sign] > 0).map(
    (sign) => `${formatCount(counts[sign])} ${counts[sign] === 1 ? sign : PLURALS[sign]}`,
  );
  if (words.length === 0) return "";
  const sum = SIGNS.reduce((all, sign) => all + counts[sign], 0);
  const list = words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
  return `${list} ${sum === 1 ? "is" : "are"} marked`;
}

/**
 * Each of them in a line, the newest first.
 *
 * @param say a moment of the trace clock, seconds
 */
export function listSigns(
  { alerts, marks, history }: Drawable,
  say: (seconds: number) => string,
  limit: number,
): string[] {
  const lines: { readonly seconds: number; readonly text: string }[] = [];
  for (const { fromS, toS, text } of gapsOf(marks, history))
    lines.push({ seconds: fromS, text: `gap from ${say(fromS)}${toS === null ? "" : ` to ${say(toS)}`}: ${text}` });
  for (const { name, fromS, toS } of phasesOf(marks))
    lines.push({ seconds: fromS, text: `phase ${name} from ${say(fromS)}${toS === null ? "" : ` to ${say(toS)}`}` });
  for (const { kind, timeNs, text } of marks)
    if (kind === "user" || kind === "boot")
      lines.push({ seconds: timeNs / 1e9, text: `mark at ${say(timeNs / 1e9)}: ${text}` });
  for (const { level, timeNs, text } of alerts)
    if (level !== "info")
      lines.push({
        seconds: timeNs / 1e9,
        text: `${level === "lost" ? "loss" : level} at ${say(timeNs / 1e9)}: ${text}`,
      });
  return lines
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, limit)
    .map(({ text }) => text);
}
