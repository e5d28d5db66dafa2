import { expect, it } from "vitest";
import { phasesOf } from "../../../src/dashboard/chart/phases.ts";
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
      mark("phase-begin", 4, "load"),
    ]),
  ).toEqual([
    { name: "load", fromS: 2, toS: 3 },
    { name: "load", fromS: 4, toS: null },
  ]);
});
