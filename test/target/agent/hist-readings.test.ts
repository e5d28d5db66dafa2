/** When the kernel's sums are asked for: paced, one at a time, whole behind damage, and not for ever. */
import { describe, expect, it } from "vitest";
import { HistReadings } from "../../../src/target/agent/hist-readings.ts";
import { line } from "../../support/agent-lines.ts";

const DONE = line("tick-done");

describe("the readings of the kernel's sums", () => {
  it("come at their pace, one at a time", () => {
    const readings = new HistReadings(1000, 0);
    expect(readings.next(999)).toBeUndefined();
    expect(readings.next(1000)).toBe("tick");
    expect(readings.next(5000)).toBeUndefined();
    readings.hear(DONE, 6000);
    expect(readings.next(6000)).toBe("tick");
  });

  it("bring everything once, behind a damaged line", () => {
    const readings = new HistReadings(1000, 0);
    readings.damaged();
    expect(readings.isDamaged).toBe(true);
    expect(readings.next(1000)).toBe("tick full");
    expect(readings.isDamaged).toBe(false);
    readings.hear(DONE, 1500);
    expect(readings.next(2500)).toBe("tick");
  });

  it("are asked for again, whole, when nothing more of one comes; what still comes is waited for", () => {
    const readings = new HistReadings(1000, 0);
    readings.next(1000);
    readings.hear(line("sum", "h"), 20_000);
    expect(readings.isOverdue(40_000)).toBe(false);
    expect(readings.next(40_000)).toBeUndefined();
    expect(readings.isOverdue(40_001)).toBe(true);
    expect(readings.next(40_001)).toBe("tick full");
  });

  it("look at the maps of pointers only while those may be filling, and seldom", () => {
    const readings = new HistReadings(1000, 0);
    readings.hear(line("armed size=1000"), 0);
    readings.hear(line("map hits=500", "h"), 0);
    expect(readings.next(40_000)).toBe("tick");
    readings.hear(line("map hits=501", "h"), 41_000);
    readings.hear(DONE, 41_000);
    expect(readings.next(42_000)).toBe("tick maps");
    readings.hear(DONE, 43_000);
    expect(readings.next(44_000)).toBe("tick");
    readings.hear(DONE, 45_000);
    expect(readings.next(72_000)).toBe("tick maps");
  });

  it("end with a whole one, asked for five times at most", () => {
    const readings = new HistReadings(1000, 0);
    const asked = Array.from({ length: 6 }, (_, i) => readings.last(i * 30_000));
    expect(asked).toEqual([...Array<string>(5).fill("tick full maps"), undefined]);
  });
});
