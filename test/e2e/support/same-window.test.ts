import { describe, expect, it } from "vitest";
import { alloc, free, head } from "../../support/trace-text.ts";
import { sameWindow } from "./same-window.ts";

const TRUTH = Array.from({ length: 20 }, (_, i) => event(i, i % 2));

describe("sameWindow", () => {
  it("finds a window in the truth, CPU by CPU", () => {
    const received = TRUTH.slice(4, 15);
    const { truth, faults, samePointers } = sameWindow(received.join("\n"), TRUTH.join("\n"));
    expect(faults).toEqual([]);
    expect(truth).toEqual(received);
    expect(samePointers).toBe(true);
  });

  it("finds the beginning among events that repeat themselves", () => {
    const clock = (i: number) => (2 + i / 1e5).toFixed(6);
    const truth = Array.from({ length: 200 }, (_, i) =>
      i % 2 === 0 ? head({ clock: clock(i) }) + alloc() : head({ clock: clock(i) }) + free(),
    );
    truth[150] = head({ clock: clock(150) }) + alloc({ req: 1 });
    const received = truth.slice(120, 170);
    expect(sameWindow(received.join("\n"), truth.join("\n"))).toMatchObject({ truth: received, faults: [] });
  });

  it("says what was not received", () => {
    const received = TRUTH.filter((_, i) => i !== 7);
    expect(sameWindow(received.join("\n"), TRUTH.join("\n")).faults).toEqual([
      `CPU 1: not received: ${TRUTH[7].trim()}`,
    ]);
  });

  it("says what the truth does not have", () => {
    const received = [...TRUTH.slice(0, 5), event(99, 0), ...TRUTH.slice(5)];
    expect(sameWindow(received.join("\n"), TRUTH.join("\n")).faults).toEqual([
      `CPU 0: the truth has no ${event(99, 0).trim()}`,
    ]);
  });

  it("says when an event came twice", () => {
    const received = [...TRUTH, TRUTH[6]];
    expect(sameWindow(received.join("\n"), TRUTH.join("\n")).faults).toHaveLength(1);
  });

  it("lets an interrupt's events stand before or behind what it interrupted", () => {
    const received = [TRUTH[0], TRUTH[4], TRUTH[2], TRUTH[6]];
    expect(sameWindow(received.join("\n"), TRUTH.filter((_, i) => i % 2 === 0 && i < 8).join("\n")).faults).toEqual([]);
  });

  it("leaves the excluded tasks out of the truth", () => {
    const own = event(50, 0, { pid: 77 });
    const truth = [...TRUTH.slice(0, 6), own, ...TRUTH.slice(6)];
    const options = { excludedPids: new Set([77]) };
    expect(sameWindow(TRUTH.join("\n"), truth.join("\n")).faults).toHaveLength(1);
    const window = sameWindow(TRUTH.join("\n"), truth.join("\n"), options);
    expect(window.faults).toEqual([]);
    expect(window.truth).toEqual(TRUTH);
  });

  it("takes a site's name from what was read while its module was there", () => {
    const named = head() + alloc({ site: "fat_fill_super+0xa3/0xc70 [fat]" });
    const bare = head() + alloc({ site: "0xffffffffc028d533" });
    expect(sameWindow(named, bare)).toMatchObject({ truth: [named], faults: [] });
  });

  it("takes hashed pointers for real ones, if they are one to one", () => {
    const hashed = TRUTH.map((line) => line.replace(/ptr=0+/, "ptr=5555"));
    expect(sameWindow(hashed.join("\n"), TRUTH.join("\n"))).toMatchObject({ samePointers: false, faults: [] });
    const mixed = TRUTH.map((line) => line.replace(/ptr=\S+/, "ptr=0000000055555555"));
    expect(sameWindow(mixed.join("\n"), TRUTH.join("\n")).faults).not.toEqual([]);
  });
});

/** An allocation, or every third time a free, unlike all others. */
function event(i: number, cpu: number, fields: { pid?: number } = {}): string {
  const ptr = (0x1000 + i).toString(16).padStart(16, "0");
  return (
    head({ cpu, clock: (2 + i / 1000).toFixed(6), ...fields }) +
    (i % 3 === 0 ? free({ ptr }) : alloc({ ptr, req: 30 + i }))
  );
}
