/** Callers that only grew, at the moments that are known. A suspicion, no verdict: a cache that fills looks the same. Pure. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { Sample } from "../watch/recent.ts";

/** What callers held at a moment. */
export type Held = Pick<Sample, "seconds" | "callers">;

export interface Suspect {
  readonly row: CallerRow;
  /** From the first sample to the last. */
  readonly grownBytes: number;
  readonly bytesPerSecond: number;
  /** Samples in which it held more than in the one before, of those there are. */
  readonly roseIn: number;
  readonly steps: number;
  readonly net: readonly (readonly [number, number])[];
}

/** Fewer moments than this show no trend. */
export const LEAST_SAMPLES = 5;
/** Less is noise. */
const LEAST_BYTES = 1024;
/** Parts of equal time, and in how many of them it has to rise: moments are as far apart as the page looked, a workload's rounds are not. */
const PARTS = 6;
const LEAST_RISING = 2 / 3;
/** Steps backwards that are let pass, of all: a free here and there. */
const MOST_FALLS = 0.1;

/** Those that grow the fastest first; empty while there are too few samples. */
export function suspectsOf(samples: readonly Held[]): Suspect[] {
  const first = samples.at(0);
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < LEAST_SAMPLES) return [];
  const seconds = last.seconds - first.seconds;
  if (seconds <= 0) return [];
  const suspects: Suspect[] = [];
  for (const [callSite, row] of last.callers) {
    const before = first.callers.get(callSite)?.netBytes ?? 0;
    const grownBytes = row.netBytes - before;
    if (grownBytes < LEAST_BYTES) continue;
    const net = samples.map((sample) => [sample.seconds, sample.callers.get(callSite)?.netBytes ?? 0] as const);
    const suspect = { row, grownBytes, bytesPerSecond: grownBytes / seconds, ...stepsOf(net), net };
    if (isSteady(suspect)) suspects.push(suspect);
  }
  return suspects.sort((a, b) => b.grownBytes - a.grownBytes || (a.row.caller < b.row.caller ? -1 : 1));
}

function stepsOf(net: readonly (readonly [number, number])[]): { roseIn: number; fellIn: number; steps: number } {
  let [roseIn, fellIn] = [0, 0];
  for (let i = 1; i < net.length; i++) {
    if (net[i][1] > net[i - 1][1]) roseIn += 1;
    else if (net[i][1] < net[i - 1][1]) fellIn += 1;
  }
  return { roseIn, fellIn, steps: net.length - 1 };
}

/** It rose again and again over the whole time, in the later half too, and hardly ever fell. */
function isSteady({ fellIn, steps, net }: Suspect & { readonly fellIn: number }): boolean {
  if (fellIn > steps * MOST_FALLS) return false;
  const parts = Math.min(PARTS, steps);
  const [from, to] = [net[0][0], net[steps][0]];
  const starts = Array.from({ length: parts }, (_, i) => heldAt(net, from + ((to - from) * i) / parts));
  const held = [...starts, net[steps][1]];
  const rising = held.filter((bytes, i) => i > 0 && bytes > held[i - 1]).length;
  return rising >= parts * LEAST_RISING && held[parts] > held[Math.floor(parts / 2)];
}

/** Net bytes at the last moment that was not later. */
function heldAt(net: Suspect["net"], seconds: number): number {
  return (net.findLast(([at]) => at <= seconds) ?? net[0])[1];
}
