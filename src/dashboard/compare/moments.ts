/** With what the present may be compared: moments of the run, marks in it, and earlier runs that the server kept. Pure. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { Mark, RunSummary } from "../../model/wire.ts";
import { formatWallClock } from "../format/time.ts";
import type { Sample } from "../watch/recent.ts";

export type Against =
  { readonly kind: "moment"; readonly seconds: number } | { readonly kind: "run"; readonly run: number };

export interface Side {
  readonly exact: boolean;
  readonly callers: ReadonlyMap<string, CallerRow>;
}

/** More moments than this are no choice but a list. */
const MOST_MOMENTS = 12;
/** Marks and phase boundaries, the newest. */
const MOST_MARKS = 24;

/** `at 12.345` or `run 2`, as the address has it; undefined for what is neither. */
export function parseAgainst(text: string | null): Against | undefined {
  const match = /^(?:at (\d+(?:\.\d+)?)|run (\d+))$/.exec(text ?? "");
  if (match === null) return undefined;
  return match.at(1) === undefined
    ? { kind: "run", run: Number(match[2]) }
    : { kind: "moment", seconds: Number(match[1]) };
}

export function momentText(seconds: number): string {
  return `at ${Number(seconds.toFixed(6))}`;
}

/**
 * The page's own sample, unless a moment that the server keeps is nearer.
 *
 * @param times of the server's moments, trace clock, seconds
 */
export function unlessKept(sample: Sample | undefined, times: readonly number[], seconds: number): Sample | undefined {
  if (sample === undefined) return undefined;
  const apart = Math.abs(sample.seconds - seconds);
  return times.some((time) => Math.abs(time - seconds) < apart) ? undefined : sample;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Choices {
  /** When this page began to watch; null before. */
  readonly openedS: number | null;
  /** Of the server's moments, trace clock, seconds. */
  readonly times: readonly number[];
  readonly marks: readonly Mark[];
  readonly runs: readonly RunSummary[];
}

/**
 * In groups by their names: when the page was opened; moments evenly over the whole run, the first and the last among them; marks and
 * where phases began and ended, and earlier runs, the newest first.
 *
 * @param say a moment of the trace clock, seconds
 */
export function choicesOf(
  { openedS, times, marks, runs }: Choices,
  say: (seconds: number) => string,
): ReadonlyMap<string, readonly Choice[]> {
  const at = (seconds: number, what = "") => ({ value: momentText(seconds), label: say(seconds) + what });
  const step = Math.max(1, (times.length - 1) / (MOST_MOMENTS - 1));
  const moments: Choice[] = [];
  for (let i = 0; i < times.length - 0.5; i += step) moments.push(at(times[Math.round(i)]));
  const marked = marks
    .filter(({ kind }) => kind !== "gap")
    .slice(-MOST_MARKS)
    .toReversed();
  const groups: [string, readonly Choice[]][] = [
    ["this page", openedS === null ? [] : [at(openedS, ", when this page was opened")]],
    ["moments of the run", moments],
    ["marks and phases", marked.map(({ kind, timeNs, text }) => at(timeNs / 1e9, `: ${text}${ENDS[kind] ?? ""}`))],
    [
      "earlier runs",
      runs.toReversed().map(({ run, endedMs }) => ({
        value: `run ${run}`,
        label: `the end of run ${run}, ${formatWallClock(endedMs)}`,
      })),
    ],
  ];
  return new Map(groups.filter(([, choices]) => choices.length > 0));
}

/**
 * Unless something was chosen: since this page began to watch; of what had ended before, since its first moment, as nothing changed
 * after the page was opened.
 *
 * @param lastS of the last event, trace clock, seconds
 */
export function firstOf(
  choices: ReadonlyMap<string, readonly Choice[]>,
  hasEnded: boolean,
  lastS: number,
): string | null {
  const [first, second] = [...choices.values()].map((some) => some.at(0)?.value);
  const isPast = hasEnded && first === momentText(lastS);
  return (isPast ? second : first) ?? null;
}

const ENDS: Partial<Record<Mark["kind"], string>> = { "phase-begin": " begins", "phase-end": " ends" };
