import { describe, expect, it } from "vitest";
import {
  briefly,
  describeBuffers,
  describeCpuStats,
  describeMostUrgent,
  describeOverrun,
  fillBytesPerSecond,
  fillText,
  gaugeClass,
  lostOf,
  mapFill,
  mapGaugeClass,
  mostUrgent,
  oldestText,
  timeToOverrun,
  urgencyOf,
} from "../../../src/dashboard/target/describe-buffers.ts";
import { cpuStats } from "../../support/live-update.ts";

const steady = cpuStats(0);
const filling = cpuStats(1, { secondsToOverrun: 40 });
const soon = cpuStats(2, { secondsToOverrun: 4.2, fill: 0.8 });
const lossy = cpuStats(3, { fill: 1, bytes: 1_048_576, secondsToOverrun: 0, overrun: 12_000, droppedEvents: 300 });
const empty = cpuStats(4, { entries: 0, bytes: 0, fill: 0, oldestEventAgeS: null });

describe("the time to overrun", () => {
  it.each([
    [null, "–", "no overrun in sight"],
    [0, "now", "overruns now"],
    [4.2, "4.2 s", "overruns in 4.2 s"],
    [12.8, "12 s", "overruns in 12 s"],
    [133, "2 m 13 s", "overruns in 2 m 13 s"],
  ])("%s seconds are %s", (secondsToOverrun, time, text) => {
    const cpu = cpuStats(0, { secondsToOverrun });
    expect(timeToOverrun(cpu)).toBe(time);
    expect(describeOverrun(cpu)).toBe(text);
  });

  it("is told from a buffer that is full or empty", () => {
    expect(describeOverrun(empty)).toBe("empty");
    expect(describeOverrun(cpuStats(0, { fill: 1 }))).toBe("full");
  });

  it("is urgent within seconds, and when there is no room left", () => {
    expect([steady, filling, soon, lossy].map(urgencyOf)).toEqual(["steady", "filling", "soon", "soon"]);
    expect(urgencyOf(cpuStats(0, { fill: 1 }))).toBe("soon");
    expect(gaugeClass(soon, 0)).toBe("gauge-soon");
    expect(gaugeClass(steady, 1)).toBe("gauge-steady gauge-lossy");
  });

  it("implies the rate at which it fills", () => {
    expect(fillBytesPerSecond(cpuStats(0, { secondsToOverrun: 3 }))).toBe((1_048_576 - 262_144) / 3);
    expect(fillBytesPerSecond(steady)).toBeNull();
    expect(fillBytesPerSecond(lossy)).toBeNull();
    expect(fillBytesPerSecond(cpuStats(0, { secondsToOverrun: 3, sizeBytes: 0 }))).toBeNull();
  });
});

it("tells how full a buffer is, and not that a few bytes are none", () => {
  expect(fillText(steady)).toBe("25 %");
  expect(fillText(cpuStats(0, { fill: 0.004 }))).toBe("0.4 %");
  expect(fillText(empty)).toBe("0 %");
  expect(fillText(cpuStats(0, { sizeBytes: 0, fill: 0 }))).toBe("–");
  expect(oldestText(steady)).toBe("3.2 s");
  expect(oldestText(empty)).toBe("–");
});

describe("many CPUs", () => {
  it("are summed up", () => {
    expect(describeBuffers([steady, soon])).toBe("2 CPUs · 1.0 MiB each · 8,000 unread events");
    expect(describeBuffers([steady])).toBe("1 CPU · 1.0 MiB · 4,000 unread events");
    expect(describeBuffers([steady, cpuStats(1, { sizeBytes: 2_097_152 })])).toMatch(/· 3\.0 MiB in all ·/);
    expect(describeBuffers([cpuStats(0, { sizeBytes: 0 })])).toBe("1 CPU · 4,000 unread events");
  });

  it("have one that is named: the first to overrun, else the fullest", () => {
    expect(mostUrgent([steady, filling, soon])).toBe(soon);
    expect(describeMostUrgent(soon)).toBe("CPU 2 overruns in 4.2 s");
    expect(describeMostUrgent(lossy)).toBe("CPU 3 overruns now");
    const fuller = cpuStats(5, { fill: 0.6 });
    expect(mostUrgent([steady, fuller, empty])).toBe(fuller);
    expect(describeMostUrgent(fuller)).toBe("fullest: CPU 5, 60 %");
    expect(mostUrgent([empty])).toBeNull();
  });

  it("have a word each: what was lost before all", () => {
    expect([briefly(steady, 0), briefly(filling, 0), briefly(soon, 0), briefly(lossy, 12_300)]).toEqual([
      "25 %",
      "25 %",
      "4.2 s",
      "12.3K lost",
    ]);
    expect(briefly(steady, 9999)).toBe("9,999 lost");
    expect(briefly(cpuStats(0, { fill: 1 }), 0)).toBe("full");
  });

  it("have a line each for those who do not see the grid", () => {
    expect(describeCpuStats(soon, 12)).toBe(
      "CPU 2: 80 % of 1.0 MiB full, 4,000 unread events, the oldest 3.2 s old, overruns in 4.2 s, " +
        "12 lost, overrun 0, commit overrun 0, dropped 0",
    );
    expect(describeCpuStats(empty, 0)).toBe(
      "CPU 4: 0 % of 1.0 MiB full, 0 unread events, empty, 0 lost, overrun 0, commit overrun 0, dropped 0",
    );
  });
});

it("tells a hist map that is nearly full, and one that has dropped events", () => {
  const map = { map: "kmalloc by site", entries: 1024, size: 4096, dropped: 0 };
  expect(mapFill(map)).toBe(0.25);
  expect(mapFill({ ...map, size: 0 })).toBe(0);
  expect(mapGaugeClass(map)).toBe("gauge-steady");
  expect(mapGaugeClass({ ...map, entries: 3900 })).toBe("gauge-soon");
  expect(mapGaugeClass({ ...map, entries: 4096, dropped: 1 })).toBe("gauge-soon gauge-lossy");
});

it("tells losses as the account has them, not as the kernel counted at the last look", () => {
  const row = { cpu: 3, events: 90, lostEvents: 7, lostUncounted: 0, lastLossNs: 1 };
  expect([lostOf({ perCpu: [row] }, 3), lostOf({ perCpu: [row] }, 0)]).toEqual([7, 0]);
});
