import { expect } from "vitest";
import { type EventBatch, EventKind } from "../../src/model/event-batch.ts";

/** What a raw decoder counted by CPU is what its batch has of each; of probes' frees nothing is counted so. */
export function expectCpuEvents({ kind, cpu, cpuEvents, length }: EventBatch): void {
  if (kind.subarray(0, length).some((one) => one > EventKind.cacheFree)) return;
  const counts = new Map<number, number>();
  for (const one of cpu.subarray(0, length)) counts.set(one, (counts.get(one) ?? 0) + 1);
  expect(new Map(cpuEvents)).toEqual(counts);
}
