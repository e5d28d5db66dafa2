/** Callers that only grew while this page watched. A suspicion, no verdict: a cache that fills looks the same. Pure. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { Sample } from "../watch/recent.ts";

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
/** Steps backwards that are let pass, of all: a free here and there. */
const MOST_FALLS = 0.1;

/** Those that grow the fastest first; empty while there are too few samples. */
export function suspectsOf(samples: readonly Sample[]): Suspect[] {
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

/** It rose again and again, in the later half too, and hardly ever fell. */
function isSteady({ roseIn, fellIn, steps, net }: Suspect & { readonly fellIn: number }): boolean {
  const middle = net[Math.floor(steps / 2)][1];
  return roseIn >= Math.max(2, steps / 4) && fellIn <= steps * MOST_FALLS && net[steps][1] > middle;
}
