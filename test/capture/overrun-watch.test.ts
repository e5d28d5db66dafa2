/** The watch over the ring buffers: what it says of a kernel's counters, whatever they do. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_THRESHOLDS, OverrunWatch, type StatsSample } from "../../src/capture/overrun-watch.ts";
import { cpuStatsSchema } from "../../src/model/target-facts.ts";
import { alertSchema } from "../../src/model/wire.ts";

const KIB = 1024;

function sample(part: Partial<StatsSample> = {}): StatsSample {
  const counts = { entries: 10, overrun: 0, commitOverrun: 0, droppedEvents: 0, readEvents: 100 };
  return { cpu: 0, bytes: 1000, oldestNs: 1e9, nowNs: 2e9, sizeBytes: 64 * KIB, ...counts, ...part };
}

const after = (seconds: number) => 2e9 + seconds * 1e9;

describe("the time to an overrun", () => {
  it("is unknown at the first look, and while the buffer does not fill", () => {
    const watch = new OverrunWatch();
    watch.hear(sample(), 0);
    expect(watch.cpus[0].secondsToOverrun).toBeNull();
    for (const [i, bytes] of [1000, 900, 0].entries()) {
      watch.hear(sample({ bytes, nowNs: after(i + 1) }), 0);
      expect(watch.cpus[0].secondsToOverrun).toBeNull();
    }
  });

  it("is what is free by the rate of the last looks, once it rose at three of them", () => {
    const watch = new OverrunWatch();
    const times = [4, 14, 16, 34].map((kib, i) => {
      watch.hear(sample({ bytes: kib * KIB, nowNs: after(i * 2) }), 0);
      return watch.cpus[0].secondsToOverrun;
    });
    expect(times).toEqual([null, null, null, 6]);
    watch.hear(sample({ bytes: 34 * KIB, nowNs: after(8) }), 0);
    expect(watch.cpus[0].secondsToOverrun).toBeNull();
  });

  it("is none of a buffer that a reader empties again and again, nor of one that fills for an hour", () => {
    const saw = new OverrunWatch();
    for (const [i, bytes] of [10, 300, 600, 20, 400, 700, 5].entries()) {
      saw.hear(sample({ bytes, nowNs: after(i) }), 0);
      expect(saw.cpus[0].secondsToOverrun).toBeNull();
    }
    const slow = new OverrunWatch();
    for (let i = 0; i < 10; i++) {
      slow.hear(sample({ bytes: 600 + i * 10, nowNs: after(i) }), 0);
      expect(slow.cpus[0].secondsToOverrun).toBeNull();
    }
  });

  it("is none of a buffer that is all but empty, which a few looks may find fuller each time", () => {
    const watch = new OverrunWatch();
    for (const [i, kib] of [0.1, 0.2, 0.3, 0.5, 1, 3, 6].entries()) {
      watch.hear(sample({ bytes: kib * KIB, nowNs: after(i) }), 0);
      expect(watch.cpus[0].secondsToOverrun).toBeNull();
    }
    watch.hear(sample({ bytes: 7 * KIB, nowNs: after(7) }), 0);
    expect(watch.cpus[0].secondsToOverrun).toBeGreaterThan(1);
  });

  it("is 0 when events were lost since the last look, or the buffer is full", () => {
    const watch = new OverrunWatch();
    watch.hear(sample(), 0);
    watch.hear(sample({ overrun: 1, bytes: 100, nowNs: after(1) }), 0);
    expect(watch.cpus[0].secondsToOverrun).toBe(0);
    const full = new OverrunWatch();
    full.hear(sample(), 0);
    full.hear(sample({ bytes: 70 * KIB, nowNs: after(1) }), 0);
    expect(full.cpus[0]).toMatchObject({ secondsToOverrun: 0, fill: 1 });
  });

  it("is unknown where the size is, where no time has passed, and just after a reconnect", () => {
    const unsized = new OverrunWatch();
    unsized.hear(sample({ sizeBytes: 0 }), 0);
    unsized.hear(sample({ sizeBytes: 0, bytes: 9000, nowNs: after(1) }), 0);
    expect(unsized.cpus[0]).toMatchObject({ secondsToOverrun: null, fill: 0 });

    const still = new OverrunWatch();
    still.hear(sample(), 0);
    still.hear(sample({ bytes: 9000 }), 0);
    expect(still.cpus[0].secondsToOverrun).toBeNull();

    const again = new OverrunWatch();
    again.hear(sample({ bytes: 100 }), 0);
    again.restart();
    again.hear(sample({ bytes: 60 * KIB, nowNs: after(1) }), 0);
    expect(again.cpus[0].secondsToOverrun).toBeNull();
  });

  it("is a number that the snapshot's schema takes, whatever is sent", () => {
    const count = fc.oneof(
      fc.nat(100),
      fc.maxSafeNat().map((n) => n % 1e15),
    );
    const any = fc.record({
      cpu: fc.nat(3),
      entries: count,
      overrun: count,
      commitOverrun: count,
      bytes: count,
      oldestNs: count,
      nowNs: count,
      droppedEvents: count,
      readEvents: count,
      sizeBytes: count,
    });
    fc.assert(
      fc.property(fc.array(fc.option(any), { maxLength: 20 }), (samples) => {
        const watch = new OverrunWatch();
        for (const part of samples) {
          if (part === null) watch.restart();
          else for (const alert of watch.hear(part, 1)) expect(() => alertSchema.parse(alert)).not.toThrow();
          for (const cpu of watch.cpus) expect(() => cpuStatsSchema.parse(cpu)).not.toThrow();
        }
      }),
    );
  });
});

describe("alerts of a buffer that fills", () => {
  const filled = (fill: number) => sample({ bytes: Math.round(64 * KIB * fill) });
  /** Looks so far apart that the rate says nothing. */
  const levels = (fills: readonly number[]) => {
    const watch = new OverrunWatch();
    return fills.map((fill, i) => watch.hear({ ...filled(fill), nowNs: after(i * 1000) }, 0).map(({ level }) => level));
  };

  it("come once for each threshold", () => {
    expect(levels([0.1, 0.5, 0.6, 0.8, 0.95])).toEqual([[], ["info"], [], ["warning"], []]);
  });

  it("do not come again while it wavers about one, but do once it was calm", () => {
    expect(levels([0.5, 0.45, 0.5, 0.3, 0.5])).toEqual([["info"], [], [], [], []]);
    expect(levels([0.8, 0.79, 0.8, 0.5, 0.8])).toEqual([["warning"], [], [], [], []]);
    expect(levels([0.8, 0.2, 0.8])).toEqual([["warning"], [], ["warning"]]);
  });

  it("warn of one that will be full soon, but not of one that is all but empty", () => {
    const watch = new OverrunWatch();
    watch.hear(filled(0.02), 0);
    expect(watch.hear({ ...filled(0.2), nowNs: after(0.5) }, 0)).toEqual([]);
    const [alert] = watch.hear({ ...filled(0.4), nowNs: after(1) }, 0);
    expect(alert).toMatchObject({
      level: "warning",
      events: null,
      text: expect.stringContaining("40 % full") as string,
    });
  });

  it("go by the thresholds that were given", () => {
    const watch = new OverrunWatch({ ...DEFAULT_THRESHOLDS, infoFill: 0.1, warningFill: 0.2 });
    expect(watch.hear(filled(0.15), 0)).toMatchObject([{ level: "info" }]);
  });
});

describe("losses", () => {
  it("raise one alert a look, with the CPU, the count, both clocks and what would help", () => {
    const watch = new OverrunWatch();
    watch.hear(sample({ cpu: 3 }), 0);
    const [alert, ...more] = watch.hear(sample({ cpu: 3, overrun: 1234, nowNs: after(1) }), 77);
    expect(more).toEqual([]);
    expect(alert).toMatchObject({ level: "lost", cpu: 3, events: 1234, atMs: 77, timeNs: after(1) });
    expect(alert.text).toBe("CPU 3 lost 1,234 events: its ring buffer of 64 KB was overwritten before it was read");
    expect(alert.help).toContain("--on-overrun grow");
  });

  it("of other kinds are told from an overrun", () => {
    const one = new OverrunWatch();
    expect(one.hear(sample({ droppedEvents: 5 }), 0)[0].text).toContain("may not overwrite");
    const other = new OverrunWatch();
    expect(other.hear(sample({ commitOverrun: 5 }), 0)[0].text).toContain("nested writers");
  });

  it("of before the link broke stay counted, and new ones are added", () => {
    const watch = new OverrunWatch();
    watch.hear(sample({ overrun: 10 }), 0);
    watch.restart();
    expect(watch.lostBy(0)).toBe(10);
    expect(watch.waiting).toBe(0);
    expect(watch.hear(sample({ overrun: 3, readEvents: 0, nowNs: after(-1) }), 0)).toMatchObject([{ events: 3 }]);
    expect(watch.lostBy(0)).toBe(13);
  });

  it("are not told again by a report that was overtaken", () => {
    const watch = new OverrunWatch();
    watch.hear(sample({ overrun: 10, nowNs: after(1) }), 0);
    expect(watch.hear(sample({ overrun: 4, nowNs: after(0) }), 0)).toEqual([]);
    expect(watch.lostBy(0)).toBe(10);
    expect(watch.hear(sample({ overrun: 11, nowNs: after(2) }), 0)).toMatchObject([{ events: 1 }]);
  });

  it("are seen though one clock stood wrong", () => {
    const watch = new OverrunWatch();
    watch.hear(sample({ nowNs: 1e21 }), 0);
    expect(watch.hear(sample({ overrun: 7, nowNs: after(1) }), 0)).toMatchObject([{ level: "lost", events: 7 }]);
  });

  it("of a buffer that somebody cleared are uncounted, and its counters count from 0 again", () => {
    const watch = new OverrunWatch();
    watch.hear(sample({ overrun: 10, readEvents: 5000 }), 0);
    const alerts = watch.hear(sample({ overrun: 2, readEvents: 3, nowNs: after(1) }), 0);
    expect(alerts).toMatchObject([
      { level: "lost", events: null, text: expect.stringContaining("cleared") as string },
      { level: "lost", events: 2 },
    ]);
    expect({ cleared: watch.cleared, lost: watch.lostBy(0) }).toEqual({ cleared: 1, lost: 12 });
  });

  it("are none where a counter of 32 bits wraps", () => {
    const watch = new OverrunWatch();
    watch.hear(sample({ readEvents: 2 ** 32 - 5 }), 0);
    expect(watch.hear(sample({ readEvents: 3, nowNs: after(1) }), 0)).toEqual([]);
    expect(watch.cleared).toBe(0);
  });

  /** What a kernel with 64 CPUs may do between two looks. */
  const step = fc.record({
    cpu: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, fc.nat(63)),
    overrun: fc.nat(500),
    commitOverrun: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(9)),
    droppedEvents: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(9)),
    readEvents: fc.nat(1000),
    entries: fc.nat(900),
    bytes: fc.nat(70 * KIB),
    looks: fc.boolean(),
    then: fc.constantFrom("", "", "", "reconnect", "again"),
  });

  it("that alerts name add up to the kernel's counts, whatever is looked at and however often the link breaks", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const watch = new OverrunWatch();
        const told = new Map<number, number>();
        /** The kernel's own counters: of this instance, and as last looked at; of the instances before. */
        const kernel = new Map<number, StatsSample>();
        const looked = new Map<number, number>();
        const earlier = new Map<number, number>();
        let nowNs = 1e9;
        for (const { cpu, looks, then, ...grown } of steps) {
          nowNs += 1e8;
          const was = kernel.get(cpu) ?? sample({ cpu, readEvents: 0, entries: 0 });
          const now: StatsSample = {
            ...was,
            overrun: was.overrun + grown.overrun,
            commitOverrun: was.commitOverrun + grown.commitOverrun,
            droppedEvents: was.droppedEvents + grown.droppedEvents,
            readEvents: was.readEvents + grown.readEvents,
            entries: grown.entries,
            bytes: grown.bytes,
            nowNs,
          };
          kernel.set(cpu, now);
          if (looks) {
            looked.set(cpu, now.overrun + now.commitOverrun + now.droppedEvents);
            for (let times = then === "again" ? 2 : 1; times > 0; times--) {
              for (const { level, events, cpu: of } of watch.hear(now, 1))
                if (level === "lost") told.set(of ?? -1, (told.get(of ?? -1) ?? 0) + (events ?? NaN));
            }
          }
          if (then === "reconnect") {
            for (const [of, lost] of looked) earlier.set(of, (earlier.get(of) ?? 0) + lost);
            looked.clear();
            kernel.clear();
            watch.restart();
          }
        }
        for (let cpu = 0; cpu < 64; cpu++) {
          const lost = (earlier.get(cpu) ?? 0) + (looked.get(cpu) ?? 0);
          expect(watch.lostBy(cpu)).toBe(lost);
          expect(told.get(cpu) ?? 0).toBe(lost);
        }
        expect(watch.cleared).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe("CPUs", () => {
  it("are listed in order, also those that come late", () => {
    const watch = new OverrunWatch();
    for (const cpu of [5, 63, 0]) watch.hear(sample({ cpu, entries: cpu }), 0);
    expect(watch.cpus.map(({ cpu }) => cpu)).toEqual([0, 5, 63]);
    expect(watch.waiting).toBe(68);
    expect(watch.lostBy(17)).toBe(0);
  });

  it("have an oldest event only while they have one, and never one from the future", () => {
    const watch = new OverrunWatch();
    watch.hear(sample({ cpu: 0, entries: 0 }), 0);
    watch.hear(sample({ cpu: 1, oldestNs: 9e9 }), 0);
    watch.hear(sample({ cpu: 2, oldestNs: 5e8 }), 0);
    expect(watch.cpus.map(({ oldestEventAgeS }) => oldestEventAgeS)).toEqual([null, 0, 1.5]);
  });
});
