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

it("a phase left behind what is held at its end more than at its beginning, each time it ran", () => {
  const marks = [
    mark("phase-begin", 1, "load"),
    mark("phase-end", 2, "load"),
    mark("phase-begin", 3, "load"),
    mark("phase-end", 4, "load"),
    mark("phase-begin", 5, "wait"),
  ];
  const history = [point(0, 100), point(1.5, 300), point(3.5, 250), point(6, 900)];
  expect(phaseChanges(marks, history).map(({ name, round, netBytes }) => [name, round, netBytes])).toEqual([
    ["load", 1, 200],
    ["load", 2, -50],
    ["wait", 1, 650],
  ]);
});

it("of a phase that no moment of the history is in nothing is told", () => {
  const marks = [mark("phase-begin", 1, "load"), mark("phase-end", 1.01, "load")];
  expect(phaseChanges(marks, [point(0.9, 100), point(1.1, 300)])[0].netBytes).toBeNull();
});
