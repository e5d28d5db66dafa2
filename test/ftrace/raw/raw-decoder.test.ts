/** Sub-buffers to events: records of every form, loss, order over CPUs, helpers, names, damage. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineClass } from "../../../src/model/line-tally.ts";
import { formatsOf, GFP_ZERO, type Machine, MACHINES, PAGE_BYTES, PageWriter } from "../../support/raw-pages.ts";
import { blob, own, pages, RawBench, says, stats } from "../../support/raw-stream.ts";

const [PC] = MACHINES;
const KALLSYMS = ["c0100000 T first", "c0101000 t second", "c0200000 T last", ""].join("\n");

function described(machine: Machine, kallsyms = KALLSYMS): Buffer[] {
  const { headerPage, formats } = formatsOf(machine);
  return [
    own("session mode=raw link=ssh"),
    ...(kallsyms === "" ? [] : [own(`blob name=kallsyms bytes=${kallsyms.length}`, Buffer.from(kallsyms))]),
    blob("header_page", headerPage),
    ...formats.map((format) => blob("format", format)),
  ];
}

const bench = (machine: Machine = PC, kallsyms?: string) => new RawBench().push(...described(machine, kallsyms));
const page = (timeNs: number, machine: Machine = PC) => new PageWriter(machine, timeNs);

describe.each(MACHINES)("sub-buffers of a $name kernel", (machine) => {
  it("hold records of every form", () => {
    const written = page(1000, machine)
      .kmalloc(5, 0xc0100010n, 0xc5550000n, 100, 128)
      .other(1)
      .timeExtend(2 ** 30)
      .kfree(2, 0xc0101004n, 0xc5550000n)
      .long(1, 200)
      .discarded(10, 20)
      .kmalloc(1, 0xc0101004n, 0xc5551000n, 8, 8)
      .timeStamp(2 ** 31)
      .kfree(0, 0xc0100010n, 0n)
      .kmalloc(1, 0xc0100010n, 0n, 8, 8)
      .kfree(1, 0xc0100010n, 0xc5551000n)
      .nothing(64)
      .page();
    const { events, tally, losses } = bench(machine).push(pages(0, written), says("round")).end();
    expect(events).toEqual([
      "a c5550000 first+0x10/0x1000 100/128 cpu0 1005",
      `f c5550000 second+0x4/0xff000 cpu0 ${1008 + 2 ** 30}`,
      `a c5551000 second+0x4/0xff000 8/8 cpu0 ${1020 + 2 ** 30}`,
      `f c5551000 first+0x10/0x1000 cpu0 ${2 ** 31 + 2}`,
    ]);
    expect(tally.lines[LineClass.otherEvent]).toBe(2);
    expect(tally.lines[LineClass.nullFree]).toBe(1);
    expect(tally.lines[LineClass.failedAllocation]).toBe(1);
    expect(tally.rejectedLines).toBe(0);
    expect(losses).toEqual([]);
  });

  it("say how many events were missed before them, where they have room for it", () => {
    const first = page(1000, machine).kfree(1, 0xc0100010n, 0x10n).page(70_000);
    const second = page(2000, machine).kfree(1, 0xc0100010n, 0x20n).page(null);
    const { losses, events } = bench(machine)
      .push(pages(3, first, second))
      .end();
    expect(losses).toEqual([
      { cpu: 3, events: 70_000, timeNs: 1000 },
      { cpu: 3, events: undefined, timeNs: 2000 },
    ]);
    expect(events).toHaveLength(2);
  });

  it("tell which call sites ask for zeroed memory", () => {
    const written = page(1000, machine)
      .kmalloc(1, 0xc0100010n, 0xc5550000n, 8, 8, { gfpFlags: 0xcc0n | GFP_ZERO })
      .kmalloc(1, 0xc0100020n, 0xc5551000n, 8, 8, { gfpFlags: 0xcc0n })
      .kfree(1, 0xc0100030n, 0xc5551000n)
      .page();
    const { sites } = bench(machine).push(pages(0, written)).end();
    expect([0, 1, 2].map((id) => [sites.caller(id), sites.asksForZeros(id)])).toEqual([
      ["first+0x10", true],
      ["first+0x20", false],
      ["first+0x30", undefined],
    ]);
  });

  it("are counted to the byte", () => {
    const stream = [
      ...described(machine),
      pages(0, page(1, machine).kfree(1, 0xc0100010n, 0x10n).marker(1, "x").page()),
    ];
    const { tally } = new RawBench().push(...stream).end();
    expect(tally.totalBytes).toBe(Buffer.concat(stream).length);
  });
});

describe("the order of the CPUs' events", () => {
  const free = (ptr: bigint, timeNs: number) => page(timeNs).kfree(0, 0xc0100000n, ptr).page();

  it("is that of time, and waits for what every CPU has said", () => {
    const raw = bench();
    raw.push(stats(0, { entries: 2, now: 10e-6 }), stats(1, { entries: 1, now: 10e-6 }));
    raw.push(pages(0, free(1n, 1000), free(3n, 3000)));
    expect(raw.events).toEqual([]);
    raw.push(pages(1, free(2n, 2000)), says("round"));
    expect(raw.events.map((event) => event.slice(0, 3))).toEqual(["f 1", "f 2", "f 3"]);
  });

  it("does not wait for a CPU that has nothing", () => {
    const raw = bench();
    raw.push(stats(0, { entries: 1, now: 10e-6 }), stats(1, { read: 0, now: 10e-6 }));
    raw.push(pages(0, free(1n, 1000)), says("round"));
    expect(raw.events).toHaveLength(1);
  });

  it("waits for a CPU of which not all was read, until it was", () => {
    const raw = bench();
    raw.push(stats(0, { entries: 1, now: 10e-6 }), stats(1, { entries: 2, now: 10e-6 }));
    raw.push(pages(0, free(5n, 5000)), pages(1, free(1n, 1000)), says("round"));
    expect(raw.events).toHaveLength(1);
    raw.push(stats(0, { read: 1, now: 20e-6 }), stats(1, { entries: 1, read: 1, now: 20e-6 }));
    raw.push(pages(1, free(2n, 2000)), says("round"));
    expect(raw.events.map((event) => event.slice(0, 3))).toEqual(["f 1", "f 2", "f 5"]);
  });

  it("holds back what is younger than the last stats, and gives it out at the end", () => {
    const raw = bench();
    raw.push(stats(0, { entries: 2, now: 2e-6 }), pages(0, free(1n, 1000), free(2n, 2001)), says("round"));
    expect(raw.events).toHaveLength(1);
    raw.end();
    expect(raw.events).toHaveLength(2);
  });

  it("is kept by the agent's marks", () => {
    const written = page(1000)
      .kfree(0, 0xc0100000n, 1n)
      .marker(1, "@kmemtap kab12cd m1 begin ~17")
      .kfree(1, 0xc0100000n, 2n);
    const { marks } = bench().push(pages(0, written.page())).end();
    expect(marks).toEqual(["0 session mode=raw link=ssh ~36", "1 begin ~17"]);
  });
});

describe("the agent's helpers", () => {
  const freed = (ptr: bigint, timeNs: number, who: { pid: number; flags?: number }) =>
    page(timeNs).kfree(0, 0xc0100000n, ptr, who).page();

  it("are left out for as long as they live, but not what interrupts do meanwhile", () => {
    const raw = bench();
    raw.push(says("helpers pids=70"), stats(0, { now: 10e-6 }), says("round"));
    raw.push(says("helpers pids=71,72"), stats(0, { entries: 9, now: 20e-6 }));
    raw.push(
      pages(
        0,
        freed(1n, 9000, { pid: 71 }),
        freed(2n, 11_000, { pid: 71 }),
        freed(3n, 12_000, { pid: 71, flags: 16 }),
        freed(4n, 13_000, { pid: 7 }),
        freed(5n, 14_000, { pid: 72 }),
      ),
      says("round"),
    );
    raw.push(says("helpers pids=73"), stats(0, { read: 5, now: 30e-6 }), says("round"));
    raw.push(says("helpers pids=74"), stats(0, { entries: 1, read: 5, now: 40e-6 }));
    raw.push(pages(0, freed(6n, 35_000, { pid: 71 })), says("round")).end();
    expect(raw.events.map((event) => event.slice(0, 3))).toEqual(["f 1", "f 3", "f 4", "f 6"]);
    expect(raw.tally.lines[LineClass.own]).toBe(2);
  });
});

describe("names", () => {
  const MODULE = "c0900000 t mine\t[fat]\nc0900100 t yours\t[fat]\n";
  const written = page(1000).kfree(0, 0xc0900010n, 1n).kfree(1, 0xc0100000n, 2n).page();
  const round = [stats(0, { entries: 2, now: 1 }), pages(0, written), says("round")];

  it("of a module are asked for, and what comes behind waits", () => {
    const raw = bench().push(...round);
    expect(raw.events).toEqual([]);
    expect(raw.decoder.wantsSymbols).toBe(true);
    raw.push(own(`blob name=kallsyms bytes=${MODULE.length}`, Buffer.from(MODULE)));
    expect(raw.decoder.wantsSymbols).toBe(false);
    expect(raw.events.map((event) => event.split(" ")[2])).toEqual(["mine+0x10/0x100", "first+0x0/0x1000"]);
    expect(raw.sites.text(0)).toBe("mine+0x10/0x100 [fat]");
  });

  it("are not asked for where the kernel hides them", () => {
    const hidden = "0000000000000000 T first\n0000000000000000 t mine\t[fat]\n";
    const raw = bench().push(own(`blob name=kallsyms bytes=${hidden.length}`, Buffer.from(hidden)), ...round);
    expect(raw.decoder.wantsSymbols).toBe(false);
    expect(raw.events[0]).toContain(" 0x00000000c0900010 ");
  });

  it("that nobody has are addresses, as the kernel prints them", () => {
    const raw = bench().push(...round, own("blob name=kallsyms bytes=0"));
    expect(raw.decoder.wantsSymbols).toBe(false);
    expect(raw.events[0]).toContain(" 0x00000000c0900010 ");
  });

  it("are not those of a module that has gone", () => {
    const raw = bench(PC, KALLSYMS + MODULE);
    const later = page(2000).moduleGone(0, "fat").kfree(1, 0xc0900010n, 3n).page();
    raw.push(...round, stats(0, { entries: 2, read: 2, now: 1 }), pages(0, later), says("round"));
    expect(raw.events).toHaveLength(2);
    expect(raw.decoder.wantsSymbols).toBe(true);
    raw.end();
    expect(raw.events[2]).toContain(" 0x00000000c0900010 ");
  });
});

describe("damage", () => {
  it("of a page's length rejects that page, and the next one is read", () => {
    const good = page(2000).kfree(0, 0xc0100000n, 2n).page();
    const bad = page(1000).kfree(0, 0xc0100000n, 1n).page(undefined, PAGE_BYTES);
    const { events, tally } = bench()
      .push(pages(0, good, bad, good))
      .end();
    expect(events).toHaveLength(2);
    expect(tally.lines[LineClass.badHead]).toBe(1);
  });

  it("of a record's length rejects the rest of its page", () => {
    const bad = page(1000).kfree(0, 0xc0100000n, 1n).long(1, 64).page(undefined, 60);
    const { events, tally } = bench().push(pages(0, bad)).end();
    expect(events).toHaveLength(1);
    expect(tally.lines[LineClass.badField]).toBe(1);
  });

  it.each([
    { what: "of which one is negative", req: 8n, alloc: 0xfb00000000000080n },
    { what: "less than was asked for", req: 100n, alloc: 8n },
    { what: "more than can be counted", req: 8n, alloc: 2n ** 53n },
  ])("of an event's sizes rejects it, and ends: $what", ({ req, alloc }) => {
    const written = page(1000)
      .kmalloc(1, 0xc0100000n, 1n, 8, 8)
      .kmalloc(1, 0xc0100000n, 2n, req, alloc)
      .kfree(1, 0xc0100000n, 1n)
      .page();
    const { events, tally } = bench().push(pages(0, written)).end();
    expect(events.map((event) => event.slice(0, 3))).toEqual(["a 1", "f 1"]);
    expect(tally.lines[LineClass.badField]).toBe(1);
  });

  it("never throws, and every byte is counted", () => {
    const whole = Buffer.concat([
      ...described(PC),
      stats(0, { entries: 3, now: 1 }),
      pages(
        0,
        page(1000)
          .kmalloc(1, 0xc0100000n, 1n, 8, 8)
          .timeExtend(2 ** 28)
          .kfree(1, 0xc0100000n, 1n)
          .page(),
      ),
      says("round"),
    ]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 }), (changes) => {
        const damaged = Buffer.from(whole);
        for (const [at, byte] of changes) damaged[at] = byte;
        const { tally } = new RawBench().push(damaged).end();
        expect(tally.totalBytes).toBe(whole.length);
      }),
      { numRuns: 500 },
    );
  });
});

it("however the stream is cut, the same comes of it", () => {
  const parts = [
    stats(0, { entries: 4, now: 1 }),
    stats(1, { entries: 1, now: 1 }),
    pages(0, page(1000).kmalloc(1, 0xc0100000n, 1n, 8, 8).page(3), page(5000).kfree(1, 0xc0101000n, 1n).page()),
    pages(1, page(3000).marker(1, "@kmemtap kab12cd m2 last ~16").kfree(1, 0xc0100000n, 9n).page()),
    says("round"),
    says("end reason=stop", "m9"),
  ];
  const stream = Buffer.concat(parts);
  const head = described(PC);
  const whole = new RawBench().push(...head, stream).end();
  expect(whole.events).toHaveLength(3);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const chunks = at.slice(1).map((end, i) => stream.subarray(at[i], end));
      const cut = new RawBench().push(...head, ...chunks).end();
      expect(cut.events).toEqual(whole.events);
      expect(cut.marks.map((mark) => mark.replace(/^\d+ /, ""))).toEqual(
        whole.marks.map((mark) => mark.replace(/^\d+ /, "")),
      );
      expect([...cut.tally.bytes]).toEqual([...whole.tally.bytes]);
    }),
    { numRuns: 300 },
  );
});

describe("a piece that is missing in the stream", () => {
  /** Rounds of two CPUs, of which the second has an event in the first alone. */
  const rounds = Array.from({ length: 6 }, (_, i) => {
    const now = (i + 1) / 1000;
    const timeNs = i * 1e6;
    const mark = i % 2 === 1 ? "@kmemtap kab12cd m7 phase-begin name=1.0 ~40" : "nobody's";
    return Buffer.concat([
      says("helpers pids="),
      stats(0, { entries: 3, read: 3 * i, now }),
      stats(1, { entries: i === 0 ? 1 : 0, read: i === 0 ? 0 : 1, now }),
      pages(
        0,
        page(timeNs + 10)
          .kmalloc(0, 0xc0100000n, BigInt(i + 1), 8, 8)
          .marker(1, mark)
          .kfree(1, 0xc0101000n, BigInt(i + 1))
          .page(),
      ),
      ...(i === 0 ? [pages(1, page(20).kfree(0, 0xc0100000n, 99n).page())] : []),
      says("round"),
    ]);
  });
  const ofRound = (i: number) => [`a ${i + 1} first`, `f ${i + 1} second`];
  const short = (events: readonly string[]) => events.map((event) => event.replace(/\+.*/, ""));
  const stream = Buffer.concat(rounds);
  const startOf = (i: number) => Buffer.concat(rounds.slice(0, i)).length;

  it("costs what was in it, and nobody waits for it", () => {
    fc.assert(
      fc.property(fc.nat(startOf(3) - 1), fc.nat(startOf(3) - 1), (one, other) => {
        const [from, to] = one < other ? [one, other] : [other, one];
        const raw = bench().push(stream.subarray(0, from));
        raw.tear();
        raw.push(stream.subarray(to));
        // Rounds 3 and 4 are whole: they must be there before the end, which waits for nobody.
        expect(short(raw.events).slice(-6)).toEqual([3, 4, 5].flatMap(ofRound));
        expect(raw.end().decoder.disordered).toBe(0);
        expect(raw.tally.totalBytes).toBe(bench().tally.totalBytes + stream.length - (to - from));
      }),
      { numRuns: 400 },
    );
  });

  it("that ends within a page does not take a mark in it for a line", () => {
    const mark = stream.indexOf("@kmemtap kab12cd m7", startOf(3));
    const raw = bench().push(stream.subarray(0, startOf(1)));
    raw.tear();
    raw.push(stream.subarray(mark - 5));
    expect(short(raw.end().events)).toEqual([...ofRound(0), "f 63 first", ...[4, 5].flatMap(ofRound)]);
    expect(raw.tally.rejectedLines).toBe(0);
  });

  it("is not waited for where a page cannot be read", () => {
    const damaged = Buffer.from(stream);
    const at = stream.indexOf("pages cpu=0", startOf(1)) + "pages cpu=0 ~26".length;
    const head = stream.indexOf("\n", at - 4) + 1;
    damaged.writeUInt32LE(0xffffff, head + 8);
    const raw = bench().push(damaged);
    expect(raw.tally.lines[LineClass.badHead]).toBe(1);
    expect(short(raw.events).slice(-4)).toEqual([4, 5].flatMap(ofRound));
  });
});
