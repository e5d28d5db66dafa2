import { expect, it } from "vitest";
import { isIn, phasesOf } from "../../../src/dashboard/chart/phases.ts";
import type { Mark } from "../../../src/model/wire.ts";

const mark = (kind: Mark["kind"], seconds: number, text: string): Mark => ({
  kind,
  timeNs: seconds * 1e9,
  atMs: 0,
  text,
});

it("phases are from their beginning to their end; one that runs has none, one whose beginning is forgotten is left out", () => {
  expect(
    phasesOf([
      mark("phase-end", 1, "old"),
      mark("phase-begin", 2, "load"),
      mark("user", 2.5, "load"),
      mark("phase-end", 3, "load"),
      mark("phase-begin", 3.2, "use"),
      mark("phase-end", 3.5, "use: exit status 3"),
      mark("phase-begin", 4, "load"),
    ]),
  ).toEqual([
    { name: "load", fromS: 2, toS: 3 },
    { name: "use", fromS: 3.2, toS: 3.5 },
    { name: "load", fromS: 4, toS: null },
  ]);
});

it("a phase whose command failed ends, too", () => {
  const marks = [mark("phase-begin", 2, "load, round 2"), mark("phase-end", 3, "load, round 2: exit status 1")];
  expect(phasesOf(marks)).toEqual([{ name: "load, round 2", fromS: 2, toS: 3 }]);
});

it("a phase is in a window that any part of it lies in, and one that runs in all that begin after it", () => {
  const load = { fromS: 2, toS: 3 };
  const isLoadIn = (min: number, max: number) => isIn(load, { min, max });
  expect([isLoadIn(0, 1.9), isLoadIn(0, 2.1), isLoadIn(2.4, 2.5), isLoadIn(2.9, 9), isLoadIn(3.1, 9)]).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
  expect(isIn({ fromS: 2, toS: null }, { min: 5, max: 6 })).toBe(true);
  expect(isIn(load, null)).toBe(true);
});
