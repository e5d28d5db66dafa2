import { describe, expect, it } from "vitest";
import { hasLostMoments, momentsApart } from "../../../src/dashboard/window/moments-apart.ts";
import { Moments } from "../../../src/server/hub/moments.ts";
import { row } from "../make.ts";

describe("the moments of a window", () => {
  it("lie so far apart in it and at its ends", () => {
    const times = [0, 4, 8, 8.2, 8.4, 8.6];
    expect(momentsApart(times, { min: 1, max: 7 })).toBe(4);
    expect(momentsApart(times, { min: 8.05, max: 8.15 })).toBeCloseTo(0.2);
  });

  it("are not told by a time in which nothing happened", () => {
    expect(momentsApart([0, 1, 2, 60, 61], { min: 0, max: 61 })).toBe(1);
  });

  it("are not known where there are none", () => {
    expect(momentsApart([], { min: 0, max: 1 })).toBeNull();
    expect(momentsApart([5, 6], { min: 0, max: 1 })).toBeNull();
  });

  it("are lost as the server thins them", () => {
    const moments = new Moments({ moments: 20, bytes: 1e6 });
    const window = { min: 1, max: 2 };
    const times = () => moments.all.map(({ time }) => time);
    for (let i = 0; i < 20; i++) moments.take(i / 5, [row("a")]);
    const chosen = momentsApart(times(), window);
    expect(hasLostMoments(momentsApart(times(), window), chosen)).toBe(false);
    for (let i = 20; i < 200; i++) moments.take(i / 5, [row("a")]);
    expect(hasLostMoments(momentsApart(times(), window), chosen)).toBe(true);
    expect(hasLostMoments(4, null)).toBe(false);
  });
});
