import { expect, it } from "vitest";
import { phaseChanges } from "../../../src/dashboard/leaks/phase-changes.ts";
import type { HistoryPoint, Mark } from "../../../src/model/wire.ts";

const mark = (kind: Mark["kind"], seconds: number, text: string): Mark => ({
  kind,
  timeNs: seconds * 1e9,
  atMs: 0,
  text,
});
const point = (seconds: number, net: number): HistoryPoint => [seconds, net, 0, 0];

it("off the chart a phase changed what is held at its end more than at its beginning, each time it ran", () => {
  const marks = [
    mark("phase-begin", 1, "load"),
    mark("phase-end", 2, "load"),
    mark("phase-begin", 3, "load"),
    mark("phase-end", 4, "load"),
    mark("phase-begin", 5, "wait"),
  ];
  const history = [
    point(0.5, 100),
    point(1.2, 200),
    point(1.8, 300),
    point(3.3, 310),
    point(3.6, 250),
    point(4.2, 250),
    point(6, 900),
  ];
  expect(phaseChanges(marks, history, []).map(({ name, round, by, netBytes }) => [name, round, by, netBytes])).toEqual([
    ["load", 1, "chart", 200],
    ["load", 2, "chart", -50],
    ["wait", 1, "chart", 650],
  ]);
});

it("of a phase that is shorter than the chart's moments are apart nothing is told, though one lies in it", () => {
  const marks = [mark("phase-begin", 1, "load"), mark("phase-end", 1.01, "load")];
  const netOf = (history: readonly HistoryPoint[]) => phaseChanges(marks, history, [])[0].netBytes;
  expect(netOf([point(0.9, 100), point(1.1, 300)])).toBeNull();
  // Whoever freed between 0.9 and 1 would have acquitted it.
  expect(netOf([point(0.9, 50_000), point(1.005, 9000), point(1.1, 9100)])).toBeNull();
});

it("of a workload's phases its account tells, however short they are", () => {
  const marks = [
    mark("phase-begin", 1, "device"),
    mark("phase-end", 1.01, "device"),
    mark("phase-begin", 1.3, "device, round 2"),
  ];
  const history = [point(0.9, 50_000), point(1.005, 9000), point(1.1, 9100)];
  const told = [
    { startedNs: 1e9, netBytes: 43_000 },
    { startedNs: 1.3e9, netBytes: 12 },
    { startedNs: null, netBytes: 7 },
  ];
  expect(phaseChanges(marks, history, told).map(({ by, netBytes }) => [by, netBytes])).toEqual([
    ["account", 43_000],
    ["account", 12],
  ]);
});
