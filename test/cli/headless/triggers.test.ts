/** When unattended captures write: conditions, times, overruns. */
import { describe, expect, it } from "vitest";
import { parseCondition } from "../../../src/cli/headless/condition.ts";
import { MomentDump } from "../../../src/cli/headless/dump-moments.ts";
import type { Moment } from "../../../src/cli/headless/moment.ts";
import { Triggers } from "../../../src/cli/headless/triggers.ts";
import { accountOfLines } from "../../support/account.ts";
import { ALLOC_LINE, CACHE_ALLOC_LINE } from "../../support/trace-text.ts";

const snapshot = accountOfLines([ALLOC_LINE, CACHE_ALLOC_LINE, "CPU:3 [LOST 157 EVENTS]"]);
const at = (atMs: number, part: Partial<Moment> = {}): Moment => ({
  atMs,
  snapshot,
  eventsPerSecond: 1000,
  isLosing: false,
  isLast: false,
  ...part,
});

describe("a condition", () => {
  it.each([
    // 4096 + 704 bytes in two objects; 1096 + 4 wasted.
    ["net > 4799", true],
    ["net > 4800", false],
    ["net>=4800", true],
    ["net < 4.7k", true],
    ["requested <= 3700", true],
    ["waste > 1k", true],
    ["objects >= 3", false],
    ["callers < 3", true],
    ["lost > 156", true],
    ["lost > 157", false],
    [" rate >= 1000 ", true],
    ["net > 64M", false],
  ])("%s is %s", (text, holds) => {
    expect(parseCondition(text).holds(at(0))).toBe(holds);
  });

  it.each(["net", "net = 5", "net > many", "objects > 4k", "toString > 5", "net > 5 or 6", "", "rate > -1"])(
    "%j is refused with what there is",
    (text) => {
      expect(() => parseCondition(text)).toThrow(/--when '.*': /);
    },
  );
});

describe("triggers", () => {
  const fired = (triggers: Triggers, moments: readonly Moment[]) =>
    moments.flatMap((moment) => (triggers.due(moment).length > 0 ? [moment.atMs] : []));

  it("come at a steady pace, whatever was missed", () => {
    const times = [0, 900, 1000, 1100, 2050, 2990, 3010, 7500, 7900, 8000];
    expect(
      fired(
        new Triggers({ everyMs: 1000 }),
        times.map((ms) => at(ms)),
      ),
    ).toEqual([1000, 2050, 3010, 7500, 8000]);
  });

  it("come once each time a condition becomes true, and not more than once in five seconds", () => {
    const triggers = new Triggers({ conditions: [{ text: "c", holds: ({ eventsPerSecond }) => eventsPerSecond > 5 }] });
    const rates = [1, 9, 9, 1, 9, 9, 9, 1, 9];
    expect(
      fired(
        triggers,
        rates.map((eventsPerSecond, i) => at(i * 1000, { eventsPerSecond })),
      ),
    ).toEqual([1000, 6000]);
  });

  it("come at an overrun, when they are asked, and say why", () => {
    const triggers = new Triggers({ atOverrun: true });
    expect(triggers.due(at(0))).toEqual([]);
    expect(triggers.due(at(1, { isLosing: true }))).toEqual(["events were lost"]);
    triggers.ask("SIGUSR1");
    expect(triggers.due(at(2))).toEqual(["SIGUSR1"]);
    expect(triggers.due(at(3))).toEqual([]);
  });
});

it("one that is due while another is written waits, the latest wins, and the last moment is always written", async () => {
  const written: number[] = [];
  let release: (() => void) | undefined;
  const files = {
    write: (moment: Moment) => {
      written.push(moment.atMs);
      return new Promise<void>((resolve) => (release = resolve));
    },
  };
  const triggers = new Triggers({});
  const dump = new MomentDump(triggers, files);
  for (const ms of [1, 2, 3, 4]) {
    triggers.ask("test");
    dump.take(at(ms));
  }
  dump.take(at(5));
  const ended = dump.end();
  while (written.length < 2) {
    release?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  release?.();
  await ended;
  expect(written).toEqual([1, 5]);
  expect(dump.skipped).toBe(3);
});

describe("the last moment of a run", () => {
  const of = (atMs: number, run: number, part: Partial<Moment> = {}) =>
    at(atMs, { snapshot: { ...snapshot, source: { ...snapshot.source, run } }, ...part });
  const dumping = () => {
    const written: [number, number][] = [];
    const write = ({ atMs, snapshot: { source } }: Moment) => {
      written.push([atMs, source.run]);
      return Promise.resolve();
    };
    return { written, dump: new MomentDump(new Triggers({}), { write }) };
  };

  it("is written when the run is over, and once more for whoever asks then", async () => {
    const { written, dump } = dumping();
    expect(dump.take(of(1, 1))).toEqual([]);
    expect(dump.take(of(2, 1, { isLast: true }))).toEqual(["its run is over"]);
    await dump.end();
    expect(written).toEqual([[2, 1]]);
    dump.ask("SIGUSR1");
    await dump.end();
    expect(written.length).toBe(2);
    expect(written[1][0]).toBeGreaterThan(2);
  });

  it("is written where another run has begun meanwhile, whole, and whatever waits for the disk", async () => {
    const { written, dump } = dumping();
    dump.take(of(1, 1));
    const { totals, exact } = snapshot;
    const ended = { summary: { run: 1, endedMs: 5, exact, totals }, snapshot: of(0, 1).snapshot };
    dump.take(of(6, 2, { previousRuns: [ended] }));
    dump.ask("SIGUSR1");
    dump.take(of(7, 2));
    dump.take(of(8, 2, { isLast: true }));
    dump.take(of(9, 3));
    await dump.end();
    expect(written).toEqual([
      [5, 1],
      [8, 2],
      [9, 3],
    ]);
    expect(dump.skipped).toBe(1);
  });
});

it("a disk that takes nothing is waited for as long as is said, and what comes behind is left out", async () => {
  let written = 0;
  const files = {
    write: () => {
      written += 1;
      return new Promise<void>(() => undefined);
    },
  };
  const triggers = new Triggers({});
  const dump = new MomentDump(triggers, files);
  triggers.ask("test");
  dump.take(at(1));
  dump.take(at(2));
  expect(await dump.end(50)).toBe(false);
  expect(written).toBe(1);
});
