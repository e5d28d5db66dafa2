/** Sums that the target's kernel made, through a line that loses and damages what it carries. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HistAccount } from "../../src/capture/hist-account.ts";
import { callerRowSchema, totalsSchema } from "../../src/model/snapshot.ts";
import { histMapSchema } from "../../src/model/target-facts.ts";
import { fieldsOf, parseAgentLine } from "../../src/target/agent/agent-line.ts";
import { NONCE, said } from "../support/agent-lines.ts";
import { HistMaps, type MapName, type MapSum, siteName } from "../support/hist-maps.ts";

/** As the session hears them. */
function hear(account: HistAccount, lines: readonly string[]): void {
  for (const text of lines) {
    const line = parseAgentLine(text, NONCE);
    if (line === "damaged") account.damaged();
    if (line === undefined || line === "damaged") continue;
    account.line(line.seq);
    if (line.type === "name") account.name(line.text);
    if (line.type === "row") account.row(line.text);
    if (line.type === "map") account.map(fieldsOf(line.text));
    if (line.type === "tick-done") account.readingDone(line.text);
  }
}

/** What the account must be: by the name of the site, allocated and freed. */
function truthOf(maps: HistMaps) {
  const none: MapSum = { hits: 0, bytesAlloc: 0, bytesReq: 0 };
  const truth: Record<string, object> = {};
  const { kmalloc, kmem_cache_alloc: cache, freed: frees } = maps.sums;
  for (const address of new Set([...kmalloc.keys(), ...cache.keys()])) {
    const [one, other] = [kmalloc.get(address) ?? none, cache.get(address) ?? none];
    const freed = frees.get(address) ?? none;
    truth[siteName(address)] = {
      allocs: one.hits + other.hits,
      frees: freed.hits,
      totalBytes: one.bytesAlloc + other.bytesAlloc,
      netBytes: one.bytesAlloc + other.bytesAlloc - freed.bytesAlloc,
      netRequestedBytes: one.bytesReq + other.bytesReq - freed.bytesReq,
      liveObjects: one.hits + other.hits - freed.hits,
    };
  }
  return truth;
}

function accountOf(account: HistAccount) {
  return Object.fromEntries(
    account
      .callers()
      .map(({ callSite, allocs, frees, totalBytes, netBytes, netRequestedBytes, liveObjects }) => [
        callSite,
        { allocs, frees, totalBytes, netBytes, netRequestedBytes, liveObjects },
      ]),
  );
}

const A = "ffffffff81000010";
const B = "ffffffffc0280020";
const C = "c0123456";

function threeSites(): HistMaps {
  const maps = new HistMaps();
  maps.add("kmalloc", A, 64, 60, 10);
  maps.add("kmem_cache_alloc", B, 192, 192, 5);
  maps.add("kmalloc", C, 32, 17, 3);
  maps.add("freed", A, 64, 60, 4);
  return maps;
}

describe("readings that arrive whole", () => {
  it("are the kernel's sums, and the next one brings what has changed", () => {
    const maps = threeSites();
    const account = new HistAccount();
    hear(account, maps.reading());
    expect(accountOf(account)).toEqual(truthOf(maps));
    maps.add("freed", C, 32, 17, 2);
    maps.add("kmalloc", A, 64, 60, 1);
    const changes = maps.reading();
    expect(changes).toHaveLength(6);
    hear(account, changes);
    expect(accountOf(account)).toEqual(truthOf(maps));
    expect(account).toMatchObject({ readings: 2, unsure: false, dropped: 0 });
  });

  it("count when they are through: no snapshot mixes two of them", () => {
    const maps = threeSites();
    const account = new HistAccount();
    hear(account, maps.reading());
    const before = accountOf(account);
    maps.add("kmalloc", A, 64, 60, 100);
    maps.add("freed", A, 64, 60, 100);
    const changes = maps.reading();
    hear(account, changes.slice(0, -1));
    expect(accountOf(account)).toEqual(before);
    hear(account, changes.slice(-1));
    expect(accountOf(account)).toEqual(truthOf(maps));
  });

  it("keep the largest net of each call site and of all", () => {
    const maps = threeSites();
    const account = new HistAccount();
    hear(account, maps.reading());
    maps.add("freed", B, 192, 192, 5);
    hear(account, maps.reading());
    const callers = account.callers();
    expect(callers.find(({ callSite }) => callSite === siteName(B))).toMatchObject({ netBytes: 0, peakNetBytes: 960 });
    expect(account.totals(callers)).toMatchObject({ netBytes: 480, peakNetBytes: 1440, callSites: 3 });
    expect(() => totalsSchema.parse(account.totals(callers))).not.toThrow();
  });

  it("name a site by its first name: once its module has gone, it has none", () => {
    const maps = threeSites();
    const account = new HistAccount();
    hear(account, maps.reading());
    hear(
      account,
      maps.reading("full", (address) => `0x${address}`),
    );
    expect(account.callers().map(({ callSite }) => callSite)).toContain(siteName(B));
    const late = new HistAccount();
    hear(late, maps.reading("full", (address) => (address === B ? "" : siteName(address))).map(reseq()));
    expect(late.callers().map(({ callSite }) => callSite)).toContain(`0x${B}`);
  });

  it("never show more freed than was allocated: the maps are read one after the other", () => {
    const maps = threeSites();
    maps.add("freed", C, 32, 17, 9);
    const account = new HistAccount();
    hear(account, maps.reading());
    const row = account.callers().find(({ callSite }) => callSite === siteName(C));
    expect(row).toMatchObject({ allocs: 3, frees: 3, netBytes: 0, liveObjects: 0 });
    for (const caller of account.callers()) expect(() => callerRowSchema.parse(caller)).not.toThrow();
  });

  it("may be behind the totals while the maps count on, but not once they have stopped", () => {
    const maps = threeSites();
    const behind = (lines: string[]) =>
      lines.map((text) =>
        text.includes("hits=13 entries=2 ") ? resaid(text, (body) => body.replace("hits=13", "hits=19")) : text,
      );
    const account = new HistAccount();
    hear(account, behind(maps.reading()));
    expect(account.unsure).toBe(false);
    account.stopped();
    hear(account, behind(maps.reading("full maps")));
    expect(account.unsure).toBe(true);
    hear(account, maps.reading("full maps"));
    expect(account.unsure).toBe(false);
  });
});

describe("a large kmalloc that is reported twice", () => {
  const site = (name: string) => (address: string) => (address === A ? `${name}+0x1/0x2` : siteName(address));

  it.each(["__kmalloc_noprof", "__kmalloc_node_noprof", "__kvmalloc_node_noprof"])("counts once: %s", (name) => {
    const maps = new HistMaps();
    maps.add("kmalloc", A, 8192, 8000, 3);
    maps.add("kmalloc", C, 8192, 8000, 3);
    maps.add("freed", C, 8192, 8000, 1);
    const account = new HistAccount();
    hear(account, maps.reading("", site(name)));
    expect(account.callers().find(({ caller }) => caller.startsWith(name))).toMatchObject({
      allocs: 3,
      impliedFrees: 3,
      netBytes: 0,
      liveObjects: 0,
    });
    expect(account.totals(account.callers()).netBytes).toBe(16_384);
  });

  it("is what 6.12 reports of __kvmalloc_node_noprof itself, whose objects are freed", () => {
    const maps = new HistMaps();
    maps.add("kmalloc", A, 8192, 8000, 3);
    maps.add("freed", A, 8192, 8000, 1);
    const account = new HistAccount();
    hear(account, maps.reading("", site("__kvmalloc_node_noprof")));
    expect(account.callers()[0]).toMatchObject({ frees: 1, impliedFrees: 0, netBytes: 16_384 });
  });
});

describe("a reading that is damaged", () => {
  it.each(Array.from({ length: threeSites().reading().length }, (_, i) => i))(
    "leaves it unsure: line %i is missing",
    (at) => {
      const maps = threeSites();
      const account = new HistAccount();
      hear(
        account,
        maps.reading().filter((_, i) => i !== at),
      );
      // Where the end itself is missing, the next reading tells.
      if (account.readings === 0) hear(account, maps.reading());
      expect(account.unsure).toBe(true);
      hear(account, maps.reading());
      expect(account.unsure).toBe(true);
      hear(account, maps.reading("full"));
      expect(account.unsure).toBe(false);
      expect(accountOf(account)).toEqual(truthOf(maps));
    },
  );

  it.each([
    "row kmalloc 99 1 2 3",
    "row kmalloc 1 1 2",
    "row kmalloc 1 1 2 NaN",
    "row kmalloc 1 1 2 -3",
    "row kmalloc 1 1 1e9 3",
    `row kmalloc 1 ${"9".repeat(40)} 2 3`,
    "name x y z",
    "name 17",
    "map name=kmalloc hits= entries=1 size=4096 dropped=0",
    "map name=kmalloc hits=0x10 entries=1 size=4096 dropped=0",
    "map hits=1 entries=1 size=4096 dropped=0",
    "map name=kmalloc entries=1 size=4096 dropped=0",
  ])("by a line that does not read: %s", (text) => {
    const maps = threeSites();
    const account = new HistAccount();
    hear(account, maps.reading());
    const space = text.indexOf(" ");
    const rest = text.slice(space + 1);
    if (text.startsWith("row")) account.row(rest);
    else if (text.startsWith("name")) account.name(rest);
    else account.map(fieldsOf(rest));
    hear(account, maps.reading());
    expect(account.unsure).toBe(true);
    expect(accountOf(account)).toEqual(truthOf(maps));
  });

  it("does not give a row to the site that had its number before", () => {
    const maps = new HistMaps();
    maps.add("kmalloc", A, 64);
    maps.add("kmalloc", B, 96);
    const account = new HistAccount();
    hear(account, maps.reading());
    // Numbered anew, in another order, and the line that says so is lost.
    const renumbered = new HistMaps();
    renumbered.add("kmalloc", B, 96);
    renumbered.add("kmalloc", A, 64);
    const lines = renumbered.reading("full").filter((text) => !text.includes(`name 2 `));
    hear(account, lines.map(reseq(100)));
    expect(account.unsure).toBe(true);
    expect(accountOf(account)).toEqual(truthOf(maps));
  });

  it("is never taken for the truth, wherever it is cut, and a whole one heals it", () => {
    const address = fc.constantFrom(A, B, C, "ffffffff81000777");
    const map = fc.constantFrom<MapName>("kmalloc", "kmalloc", "kmem_cache_alloc");
    const event = fc.record({ map, address, bytes: fc.integer({ min: 8, max: 4096 }), frees: fc.boolean() });
    const damage = fc.record({ at: fc.nat(40), from: fc.nat(60), to: fc.nat(60), noise: fc.string({ maxLength: 4 }) });
    const round = fc.record({
      events: fc.array(event, { maxLength: 8 }),
      damages: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(damage, { maxLength: 3 })),
      reconnects: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, fc.constant(true)),
    });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 12 }), (rounds) => {
        const account = new HistAccount();
        let maps = new HistMaps();
        const all = new HistMaps();
        let asksForAll = false;
        let exact = true;
        for (const { events, damages, reconnects } of rounds) {
          if (reconnects) {
            // What was counted since the last whole reading went with the instance: the gap says so.
            exact = false;
            maps = new HistMaps();
            account.restart();
            asksForAll = false;
          }
          for (const { map: of, address: site, bytes, frees } of events) {
            maps.add(of, site, bytes);
            all.add(of, site, bytes);
            if (!frees) continue;
            maps.add("freed", site, bytes);
            all.add("freed", site, bytes);
          }
          const lines = maps.reading(asksForAll ? "full" : "");
          const whole = [...lines];
          for (const { at, from, to, noise } of damages) {
            const i = at % lines.length;
            const end = Math.max(from, to);
            // Only a length is checked: what keeps it is not noticed.
            const replaced = lines[i].slice(from, end).length === noise.length ? `${noise}#` : noise;
            lines[i] = lines[i].slice(0, from) + replaced.replaceAll("\n", "#") + lines[i].slice(end);
          }
          // Two damages of one line may keep its length together.
          for (const [i, line] of lines.entries()) {
            if (line !== whole[i] && line.length === whole[i].length) lines[i] = `${line}#`;
          }
          const before = account.readings;
          hear(account, lines);
          if (account.readings > before && !account.unsure && exact) expect(accountOf(account)).toEqual(truthOf(all));
          asksForAll = account.unsure || account.readings === before || damages.length > 0;
        }
        hear(account, maps.reading("full"));
        if (account.unsure) hear(account, maps.reading("full"));
        expect(account.unsure).toBe(false);
        if (exact) expect(accountOf(account)).toEqual(truthOf(all));
        for (const caller of account.callers()) expect(() => callerRowSchema.parse(caller)).not.toThrow();
      }),
      { numRuns: 400 },
    );
  });
});

describe("a link that was made again", () => {
  it("goes on with what was counted before: the new maps count from 0", () => {
    const maps = threeSites();
    const account = new HistAccount();
    hear(account, maps.reading());
    account.restart();
    expect(accountOf(account)).toEqual(truthOf(maps));
    const again = new HistMaps();
    again.add("kmalloc", A, 64, 60, 2);
    again.add("freed", A, 64, 60, 1);
    hear(account, again.reading());
    expect(account.unsure).toBe(false);
    expect(accountOf(account)[siteName(A)]).toMatchObject({ allocs: 12, frees: 5, netBytes: 7 * 64 });
    expect(accountOf(account)[siteName(B)]).toMatchObject({ allocs: 5, netBytes: 960 });
  });

  it("forgets the half of a reading that it broke in", () => {
    const maps = threeSites();
    const account = new HistAccount();
    hear(account, maps.reading());
    maps.add("kmalloc", A, 64, 60, 1000);
    hear(account, maps.reading().slice(0, 2));
    account.restart();
    hear(account, new HistMaps().reading());
    expect(accountOf(account)[siteName(A)]).toMatchObject({ allocs: 10 });
    expect(account.unsure).toBe(false);
  });
});

describe("maps", () => {
  it("are listed with what they are for, and their drops add up, also beyond a reconnect", () => {
    const maps = threeSites();
    maps.dropped.freed = 7;
    const account = new HistAccount();
    hear(account, maps.reading());
    account.map(fieldsOf("name=kmalloc.1 hits=10 entries=6 size=131072 dropped=2"));
    expect(account.maps.map(({ map }) => map)).toEqual([
      "kmalloc, by call site",
      "kmem_cache_alloc, by call site",
      "freed, by allocating call site",
      "kmalloc, pointers (1)",
    ]);
    for (const map of account.maps) expect(() => histMapSchema.parse(map)).not.toThrow();
    expect(account.dropped).toBe(9);
    account.restart();
    expect(account.dropped).toBe(9);
    hear(account, maps.reading("full").map(reseq()));
    expect(account.dropped).toBe(16);
  });

  it("are as many as a kernel has: ever new ones are damage, not memory", () => {
    const account = new HistAccount();
    for (let i = 0; i < 10_000; i++) account.map(fieldsOf(`name=m${i} hits=1 entries=1 size=128 dropped=0`));
    expect(account.maps.length).toBeLessThanOrEqual(100);
    account.readingDone();
    expect(account.unsure).toBe(true);
  });
});

/** The same lines, numbered from `first` on. */
function reseq(first = 1) {
  let seq = first - 1;
  return (text: string) => resaid(text, (body) => body.replace(/ h\d+ /, () => ` h${++seq} `));
}

/** The line with another body, as the agent would have said that. */
function resaid(text: string, change: (body: string) => string): string {
  const body = change(text.slice("@kmemtap ".length, text.lastIndexOf(" ~")));
  const [nonce, writerSeq, ...words] = body.split(" ");
  return said(writerSeq, words.join(" "), nonce);
}
