import { describe, expect, it } from "vitest";
import { suspectsOf } from "../../../src/dashboard/leaks/suspects.ts";
import { row, totals } from "../make.ts";

/** Samples a second apart of callers whose net bytes go as given. */
function samplesOf(net: Record<string, readonly number[]>) {
  const length = Math.max(...Object.values(net).map((values) => values.length));
  return Array.from({ length }, (_, i) => ({
    seconds: i,
    callers: new Map(Object.entries(net).map(([name, values]) => [name, row(name, { netBytes: values[i] })])),
    totals,
    exact: true,
  }));
}

const steady = [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000];

describe("suspectsOf", () => {
  it("names what grew again and again, with its pace", () => {
    const [suspect, ...others] = suspectsOf(samplesOf({ leaks: steady, still: steady.map(() => 9000) }));
    expect(others).toEqual([]);
    expect(suspect).toMatchObject({ grownBytes: 7000, bytesPerSecond: 1000, roseIn: 7, steps: 7 });
    expect(suspect.row.callSite).toBe("leaks");
  });

  it("does not name what comes and goes, what grew once, nor what stopped growing", () => {
    const net = {
      breathes: [0, 9000, 0, 9000, 0, 9000, 0, 9000],
      once: [0, 0, 0, 90_000, 90_000, 90_000, 90_000, 90_000],
      filled: [0, 4000, 8000, 9000, 9000, 9000, 9000, 9000],
      little: [0, 1, 2, 3, 4, 5, 6, 7],
    };
    expect(suspectsOf(samplesOf(net))).toEqual([]);
  });

  it("names what grows once in many moments, however far apart these are", () => {
    // As the page keeps them: every second of the last half minute, and less of what was before.
    const seconds = [...Array.from({ length: 24 }, (_, i) => i * 16), ...Array.from({ length: 24 }, (_, i) => 384 + i)];
    const samples = (bytesAt: (at: number) => number) =>
      seconds.map((at) => ({
        seconds: at,
        callers: new Map([["slow", row("slow", { netBytes: bytesAt(at) })]]),
        totals,
        exact: true,
      }));
    const [suspect] = suspectsOf(samples((at) => 4096 * Math.floor(at / 60)));
    expect(suspect).toMatchObject({ roseIn: 6, steps: 47, grownBytes: 6 * 4096 });
    // As many rises, but all of them at first: a boot.
    expect(suspectsOf(samples((at) => 4096 * Math.min(6, at / 16)))).toEqual([]);
  });

  it("needs some moments", () => {
    expect(suspectsOf(samplesOf({ leaks: steady }).slice(0, 4))).toEqual([]);
    expect(suspectsOf([])).toEqual([]);
  });
});
