/** `--from`, `--to` and `--phase`: the part of a trace that is accounted. */
import type { PhasePart } from "../capture/run-frames.ts";
import { type TimeSpan, TimeWindow } from "../capture/time-window.ts";
import type { KmemtapError } from "../model/errors.ts";
import { durationOf, usage } from "./arm-options.ts";

export interface WindowOptions {
  readonly from?: string;
  readonly to?: string;
  readonly phase?: string;
}

/** Undefined where all of the trace is meant. */
export function partOf(options: WindowOptions): TimeSpan | PhasePart | undefined {
  const { phase } = options;
  const span = spanOf(options);
  if (phase === undefined) return span;
  if (span !== undefined) throw usage("--phase with --from or --to", "give one or the other");
  const match = /^([\w.-]+)(?:@([1-9]\d{0,5}))?$/.exec(phase);
  if (match === null) throw usage(`--phase ${phase}: not NAME or NAME@ROUND`, "for example --phase mount@2");
  return { phase: match[1], round: Number(match.at(2) ?? 1) };
}

/** Of a trace that has no phases. */
export function windowOf(options: WindowOptions): TimeWindow | undefined {
  const span = spanOf(options);
  return span === undefined ? undefined : new TimeWindow(span);
}

function spanOf({ from, to }: WindowOptions): TimeSpan | undefined {
  if (from === undefined && to === undefined) return undefined;
  const fromNs = from === undefined ? 0 : durationOf("--from", from) * 1e6;
  const toNs = to === undefined ? Infinity : durationOf("--to", to) * 1e6;
  if (fromNs < toNs) return { fromNs, toNs, since: "first-event" };
  throw usage(`--from ${from ?? "0"} --to ${to ?? ""}: nothing is between them`, "give the earlier time first");
}

/** `--run`, `--phase` and such, of what only a capture has. */
export function noneInTrace(option: string): KmemtapError {
  return usage(`--${option}: a trace has none`, `give a file that --record made, or leave --${option} out`);
}

export function noEvents(options: WindowOptions): string {
  return `the trace holds no kmem events${partOf(options) === undefined ? "" : " in that part"}`;
}
