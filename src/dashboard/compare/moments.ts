/** With what the present may be compared: moments that this page saw, and earlier runs that the server kept. Pure. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { RunSummary } from "../../model/wire.ts";
import { formatWallClock } from "../format/time.ts";
import type { Span } from "../view/view.ts";
import type { Sample } from "../watch/recent.ts";

export type Against =
  { readonly kind: "moment"; readonly seconds: number } | { readonly kind: "run"; readonly run: number };

export interface Side {
  readonly exact: boolean;
  readonly callers: ReadonlyMap<string, CallerRow>;
}

/** More moments than this are no choice but a list. */
const MOST_MOMENTS = 12;

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

/** The two moments that are nearest to a window's ends; undefined without a window, or where this page did not see it. */
export function endsOf(samples: readonly Sample[], window: Span | null): readonly [Sample, Sample] | undefined {
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (window === null || first === undefined || last === undefined) return undefined;
  if (window.max < first.seconds || window.min > last.seconds) return undefined;
  const nearest = (seconds: number) =>
    samples.reduce((best, one) => (Math.abs(one.seconds - seconds) < Math.abs(best.seconds - seconds) ? one : best));
  const [from, to] = [nearest(window.min), nearest(window.max)];
  return from === to ? undefined : [from, to];
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/**
 * Moments evenly over what was seen, the first and the last among them; then the runs, the newest first.
 *
 * @param say a moment of the trace clock, seconds
 */
export function choicesOf(
  samples: readonly Sample[],
  runs: readonly RunSummary[],
  say: (seconds: number) => string,
): Choice[] {
  const step = Math.max(1, (samples.length - 1) / (MOST_MOMENTS - 1));
  const picked = new Set<Sample>();
  for (let at = 0; at < samples.length - 0.5; at += step) picked.add(samples[Math.round(at)]);
  return [
    ...[...picked].map(({ seconds }) => ({ value: momentText(seconds), label: say(seconds) })),
    ...runs.toReversed().map(({ run, endedMs }) => ({
      value: `run ${run}`,
      label: `the end of run ${run}, ${formatWallClock(endedMs)}`,
    })),
  ];
}
