/** One boot's console and trace as one account: every event once, in its order; what cannot be matched is said. */
import { describe, expect, it } from "vitest";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { PrintkJoin } from "../../src/capture/join-printk.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { PrintkFacts } from "../../src/model/printk.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { accountOf, SOURCE } from "../support/account.ts";
import { bytesOf, inPieces } from "../support/decode.ts";
import { expectAccount, HIDDEN, PRINTK_FIXTURES, readPrintkFixture, stamp } from "../support/printk-text.ts";
import { alloc, free, head } from "../support/trace-text.ts";

interface Joined {
  readonly snapshot: Snapshot;
  readonly facts: PrintkFacts;
  /** Events and marks in the order in which the ledger got them. */
  readonly order: string[];
}

function join(console: Iterable<Uint8Array>, trace: Iterable<Uint8Array>): Joined {
  const sites = new CallSiteTable();
  const joining = new PrintkJoin(sites);
  const ledger = new EventLedger(sites);
  const order: string[] = [];
  const apply = (batch: ReturnType<PrintkJoin["push"]>) => {
    ledger.apply(batch);
    const marks = [...batch.marks];
    for (let i = 0; i <= batch.length; i++) {
      for (; marks[0]?.at === i;) order.push(marks.shift()?.text ?? "");
      if (i < batch.length) order.push(`${sites.text(batch.callSite[i])} cpu ${String(batch.cpu[i])}`);
    }
  };
  for (const chunk of console) joining.readConsole(chunk);
  joining.endConsole();
  for (const chunk of trace) apply(joining.push(chunk));
  apply(joining.end());
  return { snapshot: ledger.snapshot({ source: SOURCE }), facts: joining.facts, order };
}

const linesOf = (lines: readonly string[]) => [bytesOf(lines.map((line) => `${line}\n`).join(""))];
const joinLines = (console: readonly string[], trace: readonly string[]) => join(linesOf(console), linesOf(trace));

const at = (ms: number) => (1 + ms / 1000).toFixed(6);
const ptr = (n: number) => `00000000${(0x1000 + n).toString(16).padStart(8, "0")}`;
interface Event {
  readonly ms: number;
  readonly event: string;
  readonly cpu?: number;
}
const printed = ({ ms, event }: Event) => stamp(at(ms)) + event;
const traced = ({ ms, event, cpu = 0 }: Event, offset = 0) => head({ clock: at(ms + offset), cpu }) + event;
const hiding = (line: string) => line.replace(/ptr=\S+/, `ptr=${HIDDEN}`);
const allocation = (ms: number, n: number, more: { site?: string; cpu?: number } = {}): Event => ({
  ms,
  event: alloc({ site: more.site ?? `site${String(n)}+0x1/0x2`, ptr: ptr(n), req: 30, alloc: 32 }),
  cpu: more.cpu ?? 0,
});
const release = (ms: number, n: number, site = "free+0x1/0x2"): Event => ({ ms, event: free({ site, ptr: ptr(n) }) });
const HEADER = (held: number, written: number) => [
  "# tracer: nop",
  `# entries-in-buffer/entries-written: ${String(held)}/${String(written)}   #P:1`,
];

describe("every event is counted once", () => {
  const events = [1, 2, 3, 4, 5, 6].map((n) => allocation(n * 10, n));

  it("where both hold all", () => {
    const { snapshot, facts } = joinLines(
      events.map(printed),
      events.map((event) => traced(event)),
    );
    expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 6, liveObjects: 6 } });
    expect(snapshot.loss.perCpu).toMatchObject([{ cpu: 0, events: 6 }]);
    expect(facts).toMatchObject({ events: 6, matched: 6, consoleOnly: 0, traceOnly: 0, clockOffsetNs: 0 });
  });

  it("and each byte of both, in one class", () => {
    const [console] = linesOf(events.map(printed));
    const [trace] = linesOf(events.slice(2).map((event) => traced(event)));
    const { input } = join([console], [trace]).snapshot;
    expect(input.bytes).toBe(console.length + trace.length);
    expect(input.events.lines).toBe(6);
    expect(input.ignored["printkEvent"].lines).toBe(4);
  });

  it("where the trace begins later", () => {
    const { snapshot, facts, order } = joinLines(
      events.map(printed),
      events.slice(3).map((event) => traced(event)),
    );
    expect(snapshot.totals).toMatchObject({ allocs: 6, liveObjects: 6 });
    expect(facts).toMatchObject({ events: 6, matched: 3, consoleOnly: 3, traceOnly: 0 });
    expect(order).toEqual(events.map((_, i) => `site${String(i + 1)}+0x1/0x2 cpu ${i < 3 ? "65535" : "0"}`));
  });

  it("where the trace goes on after the console", () => {
    const { snapshot, facts } = joinLines(events.slice(0, 3).map(printed), [
      ...events.map((event) => traced(event)),
      traced(release(70, 1)),
      traced(release(99_000, 2)),
    ]);
    expect(snapshot.totals).toMatchObject({ allocs: 6, frees: 2, liveObjects: 4 });
    expect(snapshot.loss.unmatchedFrees).toBe(0);
    expect(facts).toMatchObject({ events: 3, matched: 3, consoleOnly: 0, traceOnly: 0 });
  });

  it("where the trace begins after the console ended", () => {
    const { snapshot, facts } = joinLines(events.slice(0, 3).map(printed), [
      ...events.slice(3).map((event) => traced(event)),
      traced(release(70, 1)),
    ]);
    expect(snapshot.totals).toMatchObject({ allocs: 6, frees: 1, liveObjects: 5 });
    expect(facts).toMatchObject({ events: 3, matched: 0, consoleOnly: 3, clockOffsetNs: null });
  });

  it("where the console lacks some in the middle: they are the trace's, and said", () => {
    const { snapshot, facts } = joinLines(
      [...events.slice(0, 2), ...events.slice(4)].map(printed),
      events.map((event) => traced(event)),
    );
    expect(snapshot.totals.allocs).toBe(6);
    expect(facts).toMatchObject({ events: 4, matched: 4, consoleOnly: 0, traceOnly: 2 });
  });

  it("where the trace lacks some in the middle: they come from the console, in their place", () => {
    const { order, facts } = joinLines(
      events.map(printed),
      [...events.slice(0, 2), ...events.slice(4)].map((event) => traced(event)),
    );
    expect(order.map((event) => event.slice(0, 5))).toEqual(["site1", "site2", "site3", "site4", "site5", "site6"]);
    expect(facts).toMatchObject({ matched: 4, consoleOnly: 2, traceOnly: 0 });
  });

  it("though the same happens again and again", () => {
    // One pointer, allocated and freed by the same call sites, of which the ring buffer has the last of seven rounds only.
    const rounds = Array.from({ length: 7 }, (_, n) => [
      allocation(n * 4, 1, { site: "same+0x1/0x2" }),
      release(n * 4 + 2, 1),
    ]).flat();
    const { snapshot, facts } = joinLines(
      rounds.map(printed),
      rounds.slice(-2).map((event) => traced(event)),
    );
    expect(snapshot.totals).toMatchObject({ allocs: 7, frees: 7, impliedFrees: 0, liveObjects: 0 });
    expect(snapshot.loss.unmatchedFrees).toBe(0);
    expect(facts).toMatchObject({ matched: 2, consoleOnly: 12, traceOnly: 0 });
  });

  it("though two CPUs print in another order than they trace", () => {
    const trace = [1, 2, 3, 4, 5, 6].map((n) => allocation(n, n, { cpu: n % 2 }));
    const console = [2, 1, 4, 3, 6, 5].map((n) => trace[n - 1]).map((event, i) => ({ ...event, ms: i + 1.5 }));
    const { facts } = joinLines(
      console.map(printed),
      trace.map((event) => traced(event)),
    );
    expect(facts).toMatchObject({ matched: 6, consoleOnly: 0, traceOnly: 0 });
  });

  it("though one was printed much later than it was traced", () => {
    const late = allocation(25, 9);
    const { facts } = joinLines(
      [
        ...events.slice(0, 2),
        { ...late, ms: 900 },
        ...events.slice(2).map((event) => ({ ...event, ms: event.ms + 900 })),
      ].map(printed),
      [...events.slice(0, 2), late, ...events.slice(2).map((event) => ({ ...event, ms: event.ms + 900 }))].map(
        (event) => traced(event),
      ),
    );
    expect(facts).toMatchObject({ matched: 7, consoleOnly: 0, traceOnly: 0 });
  });

  it.each([3_600_000, -500])("though the trace's clock is %i ms off", (offset) => {
    const many = Array.from({ length: 200 }, (_, n) => allocation(n + 1000, n));
    const { snapshot, facts } = joinLines(many.slice(0, 150).map(printed), [
      ...many.slice(50).map((event) => traced(event, offset)),
      traced(release(9000, 3), offset),
    ]);
    expect(snapshot.totals).toMatchObject({ allocs: 200, frees: 1 });
    expect(facts).toMatchObject({ events: 150, matched: 100, consoleOnly: 50, traceOnly: 0 });
    expect(facts.clockOffsetNs).toBeCloseTo(-offset * 1e6, -3);
  });

  it("though a module was gone when the trace was read", () => {
    const inModule = allocation(35, 9, { site: "fat_fill_super+0xa3/0xc70 [fat]" });
    const bare = {
      ...inModule,
      event: inModule.event.replace(/call_site=.*? ptr/, "call_site=0xffffffffc028d533 ptr"),
    };
    const { snapshot, facts } = joinLines(
      [...events.slice(0, 3), inModule, ...events.slice(3)].map(printed),
      [...events.slice(0, 3), bare, ...events.slice(3)].map((event) => traced(event)),
    );
    expect(snapshot.totals.allocs).toBe(7);
    expect(facts).toMatchObject({ matched: 7, consoleOnly: 0, traceOnly: 0 });
  });
});

describe("hidden pointers", () => {
  const events = [1, 2, 3, 4].map((n) => allocation(n * 10, n));

  it("are known where the trace has the event as well", () => {
    const { snapshot } = joinLines(events.map(printed).map(hiding), [
      ...events.map((event) => traced(event)),
      traced(release(50, 1)),
    ]);
    expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 4, frees: 1, liveObjects: 3 } });
    expect(snapshot.loss.hiddenPointers).toBeUndefined();
  });

  it("are counted and cannot be followed where it has not: their frees are unmatched", () => {
    const { snapshot } = joinLines(events.map(printed).map(hiding), [
      ...events.slice(2).map((event) => traced(event)),
      traced(release(50, 1)),
      traced(release(60, 3)),
    ]);
    expect(snapshot.totals).toMatchObject({ allocs: 4, totalBytes: 128, frees: 1, netBytes: 32, liveObjects: 1 });
    expect(snapshot.loss).toMatchObject({ unmatchedFrees: 1, hiddenPointers: { allocs: 2, bytes: 64, frees: 0 } });
    expect(snapshot.exact).toBe(false);
  });

  it("equal ones are taken in order", () => {
    const same = [1, 2, 3, 4].map((n) => allocation(n * 10, n, { site: "same+0x1/0x2" }));
    const { snapshot, facts } = joinLines(
      same.map(printed).map(hiding),
      same.slice(1).map((event) => traced(event)),
    );
    expect(facts).toMatchObject({ matched: 3, consoleOnly: 1, traceOnly: 0 });
    expect(snapshot.callers).toMatchObject([{ allocs: 4, liveObjects: 3, hiddenAllocs: 1, hiddenBytes: 32 }]);
  });
});

it("marks of the agent stay between the events they stood between", () => {
  const events = [1, 2, 3].map((n) => allocation(n * 10, n));
  const mark = "@kmemtap phase=1";
  const { order } = joinLines(events.map(printed), [
    traced(events[1]),
    head({ clock: at(25) }) + `tracing_mark_write: ${mark}`,
    traced(events[2]),
  ]);
  expect(order.map((entry) => entry.slice(0, 16).trim())).toEqual([
    "site1+0x1/0x2 cp",
    "site2+0x1/0x2 cp",
    mark,
    "site3+0x1/0x2 cp",
  ]);
});

describe("what is lost", () => {
  const events = [1, 2, 3, 4, 5, 6].map((n) => allocation(n * 10, n));

  it("by the ring buffer is recovered where the console has it without a break", () => {
    const { snapshot, facts } = joinLines(events.map(printed), [
      ...HEADER(3, 6),
      ...events.slice(3).map((event) => traced(event)),
    ]);
    expect(facts.recoveredEvents).toBe(3);
    expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 6 }, loss: { lostEvents: 0 } });
  });

  it("frees of NULL, which no batch holds, among it", () => {
    const nothing = stamp(at(5)) + free({ ptr: "0000000000000000" });
    const { snapshot } = joinLines(
      [nothing, ...events.map(printed)],
      [...HEADER(3, 7), ...events.slice(3).map((event) => traced(event))],
    );
    expect(snapshot).toMatchObject({ exact: true, loss: { lostEvents: 0 } });
  });

  it("by the ring buffer stays lost where the console ended before", () => {
    const { snapshot, facts } = joinLines(events.slice(0, 2).map(printed), [
      ...HEADER(3, 6),
      ...events.slice(3).map((event) => traced(event)),
    ]);
    expect(facts.recoveredEvents).toBe(0);
    expect(snapshot).toMatchObject({ exact: false, totals: { allocs: 5 }, loss: { lostEvents: 3 } });
  });

  it("by the ring buffer stays lost where the console lost messages of that time", () => {
    const console = events.map(printed);
    const { snapshot, facts } = joinLines(
      [console[0], "** 1 printk messages dropped **", ...console.slice(2)],
      [...HEADER(3, 6), ...events.slice(3).map((event) => traced(event))],
    );
    expect(facts).toMatchObject({ recoveredEvents: 0, droppedMessages: 1 });
    expect(snapshot).toMatchObject({ exact: false, totals: { allocs: 5 }, loss: { lostEvents: 3, lostUncounted: 1 } });
  });

  it("more than the console has alone is not recovered by it", () => {
    const { snapshot } = joinLines(events.map(printed), [
      ...HEADER(3, 60),
      ...events.slice(3).map((event) => traced(event)),
    ]);
    expect(snapshot).toMatchObject({ exact: false, loss: { lostEvents: 57 } });
  });

  it("in the middle of a stream is recovered where the console goes on over it", () => {
    const trace = events.map((event) => traced(event));
    const { snapshot, facts } = joinLines(events.map(printed), [
      ...trace.slice(0, 2),
      "CPU:0 [LOST 2 EVENTS]",
      ...trace.slice(4),
    ]);
    expect(facts.recoveredEvents).toBe(2);
    expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 6 }, loss: { lostEvents: 0 } });
  });

  it("without a number stays a loss", () => {
    const trace = events.map((event) => traced(event));
    const { snapshot } = joinLines(events.map(printed), [
      ...trace.slice(0, 2),
      "CPU:0 [LOST EVENTS]",
      ...trace.slice(4),
    ]);
    expect(snapshot).toMatchObject({ exact: false, totals: { allocs: 6 }, loss: { lostUncounted: 1 } });
  });

  it("by the console is none where the trace goes on over it", () => {
    const console = events.map(printed);
    const { snapshot, facts } = joinLines(
      [...console.slice(0, 2), "** 2 printk messages dropped **", ...console.slice(4)],
      events.map((event) => traced(event)),
    );
    expect(facts).toMatchObject({ droppedMessages: 2, traceOnly: 2 });
    expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 6 }, loss: { lostUncounted: 0 } });
  });
});

describe("a live stream", () => {
  it("is passed on as it comes once its clock has passed the console's end", () => {
    const sites = new CallSiteTable();
    const joining = new PrintkJoin(sites);
    const [console] = linesOf([1, 2].map((n) => printed(allocation(n, n))));
    joining.readConsole(console);
    joining.endConsole();
    const push = (...events: Event[]) => joining.push(linesOf(events.map((event) => traced(event)))[0]).length;
    expect(push(allocation(2, 2), allocation(3, 3))).toBe(0);
    expect(joining.joined).toBe(false);
    expect(push(allocation(3000, 4))).toBe(4);
    expect(joining.joined).toBe(true);
    expect(push(release(3001, 1))).toBe(1);
    expect(joining.end().length).toBe(0);
    expect(joining.facts).toMatchObject({ events: 2, matched: 1, consoleOnly: 1, traceOnly: 0 });
  });

  it("is passed on from its beginning where the console holds no events", () => {
    const joining = new PrintkJoin(new CallSiteTable());
    joining.readConsole(bytesOf("[    1.000000] Linux version 6.1\n"));
    joining.endConsole();
    expect(joining.push(linesOf([traced(allocation(1, 1)), "", "", ""])[0]).length).toBe(1);
  });
});

describe.each(PRINTK_FIXTURES)("%s: a boot of which the ring buffer has lost the beginning", (name) => {
  const { console, trace, overrun, joined } = readPrintkFixture(name);
  const whole = join([console], [trace]);

  it("has the account that the oracle made of both, call site by call site", () => {
    expectAccount(whole.snapshot, joined, false);
    const { consoleOnlyWithNull, ...counts } = joined.printk ?? { consoleOnlyWithNull: 0 };
    expect(whole.facts).toMatchObject(counts);
    expect(consoleOnlyWithNull).toBe(overrun);
    expect(whole.facts.recoveredEvents).toBe(overrun);
  });

  it("has lost nothing: the console has what was overwritten", () => {
    expect(accountOf(trace)).toMatchObject({ exact: false, loss: { lostEvents: overrun } });
    expect(whole.snapshot.loss).toMatchObject({ lostEvents: 0, lostUncounted: 0, rejected: 0 });
    expect(whole.snapshot.exact).toBe(joined.hiddenPointers.allocs + joined.hiddenPointers.frees === 0);
  });

  it("has every byte of both in one class", () => {
    const { input } = whole.snapshot;
    expect(input.bytes).toBe(console.length + trace.length);
    const { totals } = whole.snapshot;
    expect(input.events.lines).toBeGreaterThan(totals.allocs + totals.frees);
    expect(input.ignored["printkEvent"].lines).toBe(whole.facts.matched);
  });

  it.each([13, 4096, 65536])("is the same in pieces of %i bytes", (size) => {
    const pieces = join(inPieces(console, size), inPieces(trace, size));
    expect(pieces.snapshot).toEqual(whole.snapshot);
    expect(pieces.facts).toEqual(whole.facts);
  });
});

describe("6.1-amd64-printk-real, its console's pointers hashed", () => {
  // What a kernel without no_hash_pointers prints, while the trace is read with the option hash-ptr off.
  const { console, trace, joined } = readPrintkFixture("6.1-amd64-printk-real");
  const hashes = new Map<string, string>();
  const text = Buffer.from(console).toString("latin1");
  const hashed = text.replace(/ptr=([0-9a-f]{16})/g, (whole, real: string) => {
    if (/^0+$/.test(real)) return whole;
    const known = hashes.get(real) ?? ((hashes.size * 2654435761 + 12345) % 2 ** 32).toString(16).padStart(16, "0");
    hashes.set(real, known);
    return `ptr=${known}`;
  });
  const { snapshot, facts } = join([bytesOf(hashed)], [trace]);

  it("counts every event once all the same", () => {
    expect(facts).toMatchObject({
      matched: joined.printk?.matched,
      consoleOnly: joined.printk?.consoleOnly,
      traceOnly: 0,
    });
    const { allocs, totalBytes, requestedBytes } = joined.totals;
    expect(snapshot.totals).toMatchObject({ allocs, totalBytes, requestedBytes });
  });

  it("says of what it cannot follow into the trace how much it is, and is not exact", () => {
    expect(snapshot.exact).toBe(false);
    const { allocs = 0, bytes = 0 } = snapshot.loss.hiddenPointers ?? {};
    expect(allocs).toBeGreaterThan(0);
    expect(snapshot.totals.netBytes).toBeLessThan(joined.totals.netBytes);
    expect(snapshot.totals.netBytes + bytes).toBe(joined.totals.netBytes);
  });
});
