/** The console of a kernel with tp_printk: what is an event, what is noise, what cannot be read; cut anywhere. */
import { describe, expect, it } from "vitest";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { MAX_LINE_BYTES } from "../../src/ftrace/careful-reader.ts";
import { type DropMark, PrintkDecoder } from "../../src/ftrace/printk-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { LineClass, LineTally } from "../../src/model/line-tally.ts";
import { NO_CPU } from "../../src/model/no-value.ts";
import { SOURCE } from "../support/account.ts";
import { bytesOf, inPieces } from "../support/decode.ts";
import {
  expectAccount,
  HIDDEN,
  PRINTK_FIXTURES,
  type PrintkFixture,
  readPrintkFixture,
  stamp,
} from "../support/printk-text.ts";
import { alloc, ALLOC_LINE, free } from "../support/trace-text.ts";

const NAMES = Object.keys(LineClass) as (keyof typeof LineClass)[];

function decodeChunks(chunks: Iterable<Uint8Array>) {
  const sites = new CallSiteTable();
  const decoder = new PrintkDecoder(sites);
  const ledger = new EventLedger(sites);
  const tally = new LineTally();
  const events: string[] = [];
  const drops: DropMark[] = [];
  let eventBytes = 0;
  const take = (batch: ReturnType<PrintkDecoder["push"]>) => {
    for (const drop of batch.drops) drops.push({ messages: drop.messages, at: events.length + drop.at });
    for (let i = 0; i < batch.length; i++) {
      if (batch.cpu[i] !== NO_CPU) expect.fail("a console knows no CPU");
      eventBytes += batch.lineBytes[i];
      const ptr = `${batch.ptrHigh[i].toString(16)}:${batch.ptrLow[i].toString(16)}`;
      events.push(
        `${String(batch.timeNs[i])} ${String(batch.kind[i])} ${sites.text(batch.callSite[i])} ${ptr} ` +
          `${String(batch.bytesReq[i])}/${String(batch.bytesAlloc[i])}`,
      );
    }
    ledger.apply(batch);
    tally.add(batch.tally);
  };
  for (const chunk of chunks) take(decoder.push(chunk));
  take(decoder.end());
  expect(eventBytes).toBe(tally.bytes[LineClass.event]);
  const lines = Object.fromEntries(
    NAMES.map((name) => [name, tally.lines[LineClass[name]]] as const).filter(([, count]) => count > 0),
  );
  return { events, drops, lines, totalBytes: tally.totalBytes, snapshot: ledger.snapshot({ source: SOURCE }) };
}

const decode = (text: string) => decodeChunks([bytesOf(text)]);
const decodeLines = (...lines: string[]) => decode(lines.map((line) => `${line}\n`).join(""));

const EVENT = alloc({ site: "tty_open+0x58/0x6e0", ptr: "00000000c64b90b6", req: 30, alloc: 32 });
const READ = "548493000 0 tty_open+0x58/0x6e0 0:c64b90b6 30/32";
const AT = stamp("0.548493");

describe("an event", () => {
  it.each([
    ["as the console prints it", `${AT}${EVENT}`],
    ["with its level", `<6>${AT}${EVENT}`],
    ["with a level of two digits", `<12>${AT}${EVENT}`],
    ["with the task that printed it", `[    0.548493][    T1] ${EVENT}`],
    ["with the CPU that printed it in an interrupt", `<6>[    0.548493][   C0] ${EVENT}`],
    ["with CR LF", `${AT}${EVENT}\r`],
  ])("%s", (_, line) => {
    expect(decodeLines(line)).toMatchObject({ events: [READ], lines: { event: 1 } });
  });

  it("late in a long uptime", () => {
    expect(decodeLines(`[1234567.000001] ${EVENT}`).events).toEqual([READ.replace("548493000", "1234567000001000")]);
  });

  it("without an end, at the end", () => {
    expect(decode(`${AT}${EVENT}`).events).toEqual([READ]);
  });

  it("behind what a program had written without a newline", () => {
    expect(decodeLines(`~ # ${AT}${EVENT}`)).toMatchObject({ events: [READ], lines: { event: 1, foreign: 1 } });
  });

  it("behind another whose newline was lost", () => {
    const decoded = decodeLines(`${AT}${EVENT}${AT}${EVENT}`);
    expect(decoded).toMatchObject({ events: [READ, READ], lines: { event: 2 } });
  });

  it("before a line of the log whose newline was lost", () => {
    const decoded = decodeLines(`${AT}${EVENT}${AT}random: crng init done`);
    expect(decoded).toMatchObject({ events: [READ], lines: { event: 1, foreign: 1 } });
  });

  it("of every kind", () => {
    const decoded = decodeLines(
      ...[
        alloc({ event: "kmalloc_node", ptr: "00000000000000a1" }),
        alloc({ event: "kmem_cache_alloc", ptr: "00000000000000a2" }),
        alloc({ event: "kmem_cache_alloc_node", ptr: "00000000000000a3" }),
        free({ ptr: "00000000000000a1" }),
        free({ event: "kmem_cache_free", ptr: "00000000000000a2", tail: " name=pid" }),
      ].map((event) => AT + event),
    );
    expect(decoded.events.map((event) => event.split(" ")[1])).toEqual(["0", "1", "1", "2", "3"]);
  });
});

describe("a hidden pointer", () => {
  const SITE = "a+0x1/0x2";
  const hiddenAlloc = AT + alloc({ site: SITE, ptr: HIDDEN, req: 30, alloc: 32 });
  const hiddenFree = AT + free({ ptr: HIDDEN });

  it("is an event without identity: counted, and followed by nobody", () => {
    const { snapshot, lines } = decodeLines(hiddenAlloc, hiddenAlloc, hiddenFree);
    expect(lines).toEqual({ event: 3 });
    expect(snapshot.exact).toBe(false);
    expect(snapshot.totals).toMatchObject({
      allocs: 2,
      totalBytes: 64,
      requestedBytes: 60,
      netBytes: 0,
      liveObjects: 0,
    });
    expect(snapshot.loss).toMatchObject({ unmatchedFrees: 1, impliedFrees: 0, perCpu: [] });
    expect(snapshot.loss.hiddenPointers).toEqual({ allocs: 2, bytes: 64, requestedBytes: 60, frees: 1 });
    expect(snapshot.callers).toMatchObject([
      { callSite: SITE, allocs: 2, liveObjects: 0, hiddenAllocs: 2, hiddenBytes: 64 },
    ]);
  });

  it("does not say how wide pointers are", () => {
    const lines = [...Array<string>(50).fill(hiddenAlloc), `${AT}${EVENT}`];
    expect(decodeLines(...lines).lines).toEqual({ event: 51 });
  });

  it("is none where the pointer is NULL", () => {
    const lines = [free({ ptr: "0000000000000000" }), free({ ptr: "(null)" }), alloc({ ptr: "0000000000000000" })];
    expect(decodeLines(hiddenAlloc, ...lines.map((line) => AT + line)).lines).toEqual({
      event: 1,
      nullFree: 2,
      failedAllocation: 1,
    });
  });

  it("is not taken from a trace: there it is a line that cannot be read", async () => {
    const { decodeLines: decodeTrace } = await import("../support/decode.ts");
    expect(decodeTrace(ALLOC_LINE.replace(/ptr=\S+/, `ptr=${HIDDEN}`)).lines).toEqual({ hiddenPointer: 1 });
  });
});

describe("noise", () => {
  it.each([
    ["the kernel's log", `${AT}random: crng init done`, "foreign"],
    ["its log of events", `${AT}Failed to enable trace event: kmem:kmalloc_node`, "foreign"],
    ["a driver's pointer", `${AT}dev: ptr=00000000c64b90b6 flags`, "foreign"],
    ["a program", "printk: tp_printk off", "foreign"],
    ["a trace line", ALLOC_LINE, "foreign"],
    ["the agent", "@kmemtap now=1", "agent"],
    ["nothing", "", "blank"],
    ["a line of NUL bytes", "\0\0\0\0", "foreign"],
  ])("%s is no event", (_, line, lineClass) => {
    expect(decodeLines(line)).toMatchObject({ events: [], lines: { [lineClass]: 1 } });
  });

  it("that is too long is counted, not kept, and the next line is read", () => {
    const decoded = decode(`${"x".repeat(3 * MAX_LINE_BYTES)}\n${AT}${EVENT}\n`);
    expect(decoded).toMatchObject({ events: [READ], lines: { event: 1, tooLong: 1 } });
  });
});

describe("what is damaged is rejected", () => {
  it.each([
    ["without a stamp", EVENT, "badHead"],
    ["with half a stamp", `48493] ${EVENT}`, "badHead"],
    ["with a damaged name", `${AT}kmlloc: ${EVENT.slice(EVENT.indexOf("call_site"))}`, "badHead"],
    ["without its sizes", `${AT}${EVENT.slice(0, EVENT.indexOf(" bytes_req"))}`, "badField"],
    ["with something printed into its pointer", `${AT}${EVENT.replace("c64b", "c6 hello 4b")}`, "badField"],
    ["cut in its name", `${AT}kmallo`, "truncated"],
    ["cut in its call site", `${AT}kmalloc: call_site=tty_op`, "badField"],
  ])("%s", (_, line, lineClass) => {
    const decoded = decodeLines(`${AT}${EVENT}`, line, `${AT}${EVENT}`);
    expect(decoded).toMatchObject({ events: [READ, READ], lines: { event: 2, [lineClass]: 1 } });
    expect(decoded.snapshot.exact).toBe(false);
  });

  it("but an event behind a cut one on its line is read", () => {
    const decoded = decodeLines(`${AT}${EVENT.slice(0, 60)}${AT}${EVENT}`);
    expect(decoded).toMatchObject({ events: [READ], lines: { event: 1, badField: 1 } });
  });

  it("at the end of the input as cut, wherever that is, and never with a wrong number", () => {
    const whole = `${AT}${EVENT}`;
    for (let cut = 1; cut < whole.length; cut++) {
      const { events, totalBytes } = decode(`${whole}\n${whole.slice(0, cut)}`);
      expect(totalBytes).toBe(whole.length + 1 + cut);
      for (const event of events) expect(event).toBe(READ);
    }
  });
});

describe("messages that the console lost", () => {
  it("are a loss of which nobody knows how many were events", () => {
    const decoded = decodeLines(`${AT}${EVENT}`, "** 512 printk messages dropped **", `${AT}${EVENT}`);
    expect(decoded).toMatchObject({ lines: { event: 2, lostMarker: 1 }, drops: [{ messages: 512, at: 1 }] });
    expect(decoded.snapshot).toMatchObject({ exact: false, loss: { lostEvents: 0, lostUncounted: 1 } });
  });

  it("stand before the next message on old kernels", () => {
    const decoded = decodeLines(`** 7 printk messages dropped ** ${AT}${EVENT}`);
    expect(decoded).toMatchObject({
      events: [READ],
      lines: { event: 1, lostMarker: 1 },
      drops: [{ messages: 7, at: 0 }],
    });
  });
});

describe.each(PRINTK_FIXTURES)("%s", (name) => {
  const fixture: PrintkFixture = readPrintkFixture(name);
  const { console, consoleAlone } = fixture;
  const whole = decodeChunks([console]);

  it("has the account that the oracle made, call site by call site", () => {
    expectAccount(whole.snapshot, consoleAlone);
    expect(whole.lines["nullFree"]).toBe(consoleAlone.nullFrees);
  });

  it("has no byte that is not accounted for, and no line that does not read", () => {
    expect(whole.totalBytes).toBe(console.length);
    expect(whole.snapshot.loss.rejected).toBe(0);
  });

  it.each([7, 4096, 65536])("is the same in pieces of %i bytes", (size) => {
    const excerpt = console.subarray(0, 3_000_000);
    expect(decodeChunks(inPieces(excerpt, size))).toEqual(decodeChunks([excerpt]));
  });

  it("is the same byte by byte", () => {
    const excerpt = console.subarray(0, 400_000);
    expect(decodeChunks(inPieces(excerpt, 1))).toEqual(decodeChunks([excerpt]));
  });

  it("is the same cut at any byte", () => {
    const at = console.length >> 1;
    const excerpt = console.subarray(at, at + 1000);
    const account = JSON.stringify(decodeChunks([excerpt]));
    for (let cut = 0; cut <= excerpt.length; cut++)
      expect(
        JSON.stringify(decodeChunks([excerpt.subarray(0, cut), excerpt.subarray(cut)])),
        `cut at ${String(cut)}`,
      ).toBe(account);
  });
});
