import { describe, expect, it } from "vitest";
import { MAX_SAMPLES, Recent, type Sample } from "../../../src/dashboard/watch/recent.ts";
import { row, totals } from "../make.ts";

const a = row("a", { netBytes: 10 });
const b = row("b", { netBytes: 20 });
const sample = (seconds: number, rows: Parameters<typeof row>[1][]): Sample => ({
  seconds,
  callers: new Map([a, b].map((one, i) => [one.callSite, i in rows ? { ...one, ...rows[i] } : one])),
  totals,
  exact: true,
});

describe("what a page saw", () => {
  it("knows when a caller last moved, and that it did not see earlier", () => {
    const recent = new Recent();
    recent.note("run 1", sample(5, []), 0);
    const moved = new Map([
      ["a", { ...a, allocs: 2 }],
      ["b", b],
    ]);
    recent.note(
      "run 1",
      {
        ...sample(6, []),
        callers: new Map([
          ["a", a],
          ["b", b],
        ]),
      },
      2000,
    );
    recent.note("run 1", { ...sample(7, []), callers: moved }, 4000);
    expect(recent.activeAt("a")).toEqual({ seconds: 7, seen: true });
    expect(recent.activeAt("b")).toEqual({ seconds: 5, seen: false });
  });

  it("takes a sample a second at most, and stays bounded over the whole time", () => {
    const recent = new Recent();
    for (let i = 0; i < 10_000; i++) recent.note("run 1", sample(i / 10, [{ netBytes: i }]), i * 100);
    expect(recent.samples.length).toBeLessThanOrEqual(MAX_SAMPLES);
    expect(recent.samples.at(-1)?.seconds).toBeGreaterThan(990);
    expect(recent.samples[0].seconds).toBe(0);
    const seconds = recent.samples.map((one) => one.seconds);
    expect(seconds).toEqual([...seconds].sort((x, y) => x - y));
    expect(recent.netOf("a").at(-1)?.[1]).toBeGreaterThan(9900);
    expect(recent.nearest(0.2)?.seconds).toBe(0);
  });

  it("is another list with every sample, and the one that a view holds stays as it was", () => {
    const recent = new Recent();
    recent.note("run 1", sample(1, []), 0);
    const held = recent.samples;
    recent.note("run 1", sample(2, [{ netBytes: 11 }]), 2000);
    expect(recent.samples).not.toBe(held);
    expect([held.length, recent.samples.length]).toEqual([1, 2]);
  });

  it("begins anew with another run", () => {
    const recent = new Recent();
    recent.note("run 1", sample(5, []), 0);
    recent.note("run 2", sample(1, []), 10);
    expect(recent.samples.map(({ seconds }) => seconds)).toEqual([1]);
  });
});
