/** How the console's clock and the trace's relate, told by the events that both hold. */
import type { EventBatch } from "../model/event-batch.ts";
import type { ConsoleIndex } from "./console-index.ts";

/** The least and the most by which printk's time of an event may differ from the trace's, beyond their offset. */
const LEAST_SLACK_NS = 50e6;
const MOST_SLACK_NS = 2e9;
/** Clocks are compared by events that are nearly unique. */
const MAX_NAMESAKES = 4;
const BIN_NS = 100e6;
/** Votes for an offset other than none: as many as chance does not bring. */
const LEAST_VOTES = 16;

/** The offset between the clocks, and by how much single events stray from it. */
export interface ClockFit {
  readonly offsetNs: number;
  readonly slackNs: number;
}

/**
 * Compares the clocks by the events that have few namesakes: the offset that most of them agree on. None is taken for granted
 * as soon as some events agree on it, because nearly all trace clocks are the scheduler's.
 */
export function fitClocks(console: EventBatch, trace: EventBatch, index: ConsoleIndex): ClockFit | undefined {
  const differences: number[] = [];
  const unique: number[] = [];
  let voters = 0;
  const votes = new Map<number, number>();
  for (let j = 0; j < trace.length; j++) {
    const lists = index.candidates(trace, j);
    const namesakes = lists.reduce((sum, list) => sum + list.length, 0);
    if (namesakes === 0 || namesakes > MAX_NAMESAKES) continue;
    voters += 1;
    for (const list of lists) {
      for (const i of list.places) {
        const difference = console.timeNs[i] - trace.timeNs[j];
        differences.push(difference);
        if (namesakes === 1) unique.push(difference);
        const bin = Math.round(difference / BIN_NS);
        votes.set(bin, (votes.get(bin) ?? 0) + 1);
      }
    }
  }
  const votesNear = (bin: number) => (votes.get(bin - 1) ?? 0) + (votes.get(bin) ?? 0) + (votes.get(bin + 1) ?? 0);
  let best = 0;
  for (const bin of votes.keys()) if (votesNear(bin) > votesNear(best)) best = bin;
  const isClear = votesNear(best) >= Math.max(LEAST_VOTES, voters / 4) && votesNear(best) > 2 * votesNear(0);
  if (!isClear) best = 0;
  // Too few events to tell, and none that speaks against it.
  if (voters === 0) return { offsetNs: 0, slackNs: LEAST_SLACK_NS };
  if (votesNear(best) === 0) return undefined;

  const near = differences.filter((difference) => Math.abs(difference - best * BIN_NS) <= 2 * BIN_NS);
  const offsetNs = quantile(near, 0.5);
  const strays = unique.map((difference) => Math.abs(difference - offsetNs)).filter((by) => by <= MOST_SLACK_NS);
  return { offsetNs, slackNs: Math.min(MOST_SLACK_NS, Math.max(LEAST_SLACK_NS, 2 * quantile(strays, 0.95))) };
}

/** 0 where there are no values. */
function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
