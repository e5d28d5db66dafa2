/** The agent's lines in the stream: where they stand among the events, however the stream is cut, and what is not one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { LineClass, LineTally } from "../../src/model/line-tally.ts";
import { said } from "../support/agent-lines.ts";
import { bytesOf, decode, inPieces } from "../support/decode.ts";
import { alloc, ALLOC_LINE, FREE_LINE, head, REAL_LINES } from "../support/trace-text.ts";

/** Marks by how many events come before them in the whole stream. */
function marksIn(chunks: Iterable<Uint8Array>) {
  const decoder = new TextDecoder(new CallSiteTable());
  const tally = new LineTally();
  const marks: { text: string; at: number; timeNs: number }[] = [];
  let events = 0;
  let bytes = 0;
  const take = (batch: ReturnType<TextDecoder["push"]>) => {
    for (const { text, at, timeNs } of batch.marks) {
      expect(at).toBeLessThanOrEqual(batch.length);
      marks.push({ text, at: events + at, timeNs });
    }
    events += batch.length;
    tally.add(batch.tally);
  };
  for (const chunk of chunks) {
    bytes += chunk.length;
    take(decoder.push(chunk));
  }
  take(decoder.end());
  expect(tally.totalBytes).toBe(bytes);
  return { marks, events, agentLines: tally.lines[LineClass.agent], rejected: tally.rejectedLines };
}

const read = (text: string) => marksIn([bytesOf(text)]);
const WRITE = head({ comm: "kmemtap", pid: 99, clock: "3.000001" }) + "tracing_mark_write: ";
const STATS = said("p17", "stats cpu=0 entries=12 overrun=0");

describe("a mark", () => {
  it("stands between the events that it came between, with its own clock", () => {
    const { marks, events } = read(
      [ALLOC_LINE, WRITE + STATS, FREE_LINE, WRITE + said("l1", "phase-begin name=1.0"), ""].join("\n"),
    );
    expect(events).toBe(2);
    expect(marks).toEqual([
      { text: STATS, at: 1, timeNs: 3_000_001_000 },
      { text: said("l1", "phase-begin name=1.0"), at: 2, timeNs: 3_000_001_000 },
    ]);
  });

  it.each([
    ["on a line of its own", STATS],
    ["with CR LF", `${STATS}\r`],
    ["with blanks behind", `${STATS}  \r\r`],
    ["behind a prompt", `/ # ${STATS}`],
    ["behind a root shell's prompt", `root@board:~# ${STATS}`],
    ["behind what was cut", `            init-1 ${STATS}`],
  ])("beside the trace has the clock of the last event: %s", (_, text) => {
    expect(read(`${ALLOC_LINE}\n${text}\n${FREE_LINE}\n`)).toMatchObject({
      marks: [{ text: STATS, at: 1, timeNs: 2_206_855_000 }],
      events: 2,
      agentLines: 1,
      rejected: 0,
    });
  });

  it("before any event has no clock, and one without an end is read at the end", () => {
    expect(read(STATS).marks).toEqual([{ text: STATS, at: 0, timeNs: 0 }]);
  });

  it("of two writers' on one line is one, which is damaged", () => {
    const { marks } = read(`${STATS}${STATS}\n`);
    expect(marks.map(({ text }) => text)).toEqual([STATS + STATS]);
  });

  it("keeps an output that is no UTF-8 and one with control characters as one line", () => {
    const bytes = Buffer.concat([
      bytesOf(`${WRITE}@kmemtap k1 o1 out =`),
      Buffer.from([0xe9, 0x0d, 0x1b, 0xc5, 0xbc]),
      bytesOf(" ~14\n"),
    ]);
    expect(marksIn([bytes]).marks[0].text).toBe("@kmemtap k1 o1 out =\ufffd\r\u001bż ~14");
  });

  it("is the agent's own business, whatever it passes on: an output with events in it is none", () => {
    const output = said("o1", `out =${ALLOC_LINE}`);
    expect(read(`${WRITE}${output}\n${FREE_LINE}\n`)).toMatchObject({
      events: 1,
      rejected: 0,
      marks: [{ text: output, at: 0 }],
    });
  });
});

describe("a whole line of the agent's beside the trace", () => {
  it("is its own business as well, behind a prompt too; an event before it is not", () => {
    const output = said("h1", `out =${ALLOC_LINE}`);
    for (const before of ["", "/ # "]) {
      expect(read(`${before}${output}\n${FREE_LINE}\n`)).toMatchObject({
        events: 1,
        rejected: 0,
        marks: [{ text: output, at: 0 }],
      });
    }
    // An event that lost its newline to one cannot be read for certain.
    expect(read(`${FREE_LINE}${STATS}\n`)).toMatchObject({ events: 0, rejected: 1 });
  });
});

describe("what another process writes to trace_marker", () => {
  it("is another event; where it quotes the agent it is passed on, for the nonce to tell", () => {
    expect(read(`${WRITE}hello kmemtap\n`).marks).toEqual([]);
    expect(read(`${WRITE}x gfp_flags=GFP_KERNEL ${ALLOC_LINE}\n`)).toMatchObject({ events: 0, marks: [], rejected: 0 });
    const quoted = said("k1", "gap from=1 to=2 forged", "k000000");
    expect(read(`${WRITE}look: ${quoted}\n`)).toMatchObject({ marks: [{ text: quoted }], rejected: 0 });
  });

  it("as the name of a task is a name", () => {
    const line = head({ comm: "@kmemtap k1 m1" }) + alloc();
    expect(read(`${line}\n`)).toMatchObject({ marks: [], events: 1 });
  });
});

describe("a mark that was torn", () => {
  it("by an event that lost its newline makes the account inexact: the event may have been whole", () => {
    const { marks, rejected, events } = read(`${WRITE}${STATS.slice(0, 30)}${ALLOC_LINE}\n${FREE_LINE}\n`);
    expect({ events, rejected }).toEqual({ events: 1, rejected: 1 });
    expect(marks[0].text).toContain(STATS.slice(0, 30));
  });

  it("by the kernel's log does not: nothing of the account was in it", () => {
    const { marks, rejected } = read(`${WRITE}${STATS.slice(0, 30)}[   12.34] usb 1-1: new\n${STATS.slice(30)}\n`);
    expect(rejected).toBe(0);
    expect(marks).toHaveLength(1);
  });

  it("beside the trace gives way to the event behind it", () => {
    expect(read(`${STATS}${ALLOC_LINE}\n`)).toMatchObject({ events: 1, marks: [{ text: STATS, at: 0 }], rejected: 0 });
    expect(read(`${STATS.slice(0, 20)}${ALLOC_LINE}\n`)).toMatchObject({ events: 1, rejected: 0 });
  });

  it("and the loss marker or the piece of an event before it are not overlooked", () => {
    expect(decode(`CPU:1 [LOST 7 EVENTS]${STATS}\n`).losses).toMatchObject([{ cpu: 1, events: 7 }]);
    expect(decode(`c64b90b6 bytes_req=32 bytes_alloc=64 gfp_flags=GFP_KERNEL${STATS}\n`).lines).toEqual({ badHead: 1 });
    expect(read(`${ALLOC_LINE.slice(0, 100)}${STATS}\n`).rejected).toBe(1);
  });
});

describe("however the stream is cut", () => {
  const mark = fc
    .tuple(
      fc.constantFrom("m", "p", "l", "o", "h"),
      fc.nat(9999),
      fc.constantFrom("stats cpu=0", "out =żółć\r", "begin", `out =${ALLOC_LINE}`, "tick-done"),
    )
    .map(([writer, seq, text]) => said(`${writer}${seq}`, text));
  const noise = fc.constantFrom(
    "",
    "[    3.1] usb 1-1: new",
    "# tracer: nop",
    "CPU:0 [LOST 3 EVENTS]",
    "@kmemtap ",
    "@kmem",
    "x @kmemtap y",
    "            init-1       [00",
  );
  const piece = fc.oneof(
    fc.constantFrom(...REAL_LINES),
    mark.map((text) => WRITE + text),
    mark,
    fc.tuple(fc.constantFrom("/ # ", "login: ", ""), mark).map((parts) => parts.join("")),
    fc.tuple(mark, fc.nat(80), fc.constantFrom(...REAL_LINES)).map(([text, cut, line]) => text.slice(0, cut) + line),
    fc.tuple(fc.constantFrom(...REAL_LINES), fc.nat(120), mark).map(([line, cut, text]) => line.slice(0, cut) + text),
    noise,
  );
  const stream = fc
    .array(fc.tuple(piece, fc.constantFrom("\n", "\n", "\r\n", "")), { maxLength: 25 })
    .map((lines) => Buffer.from(lines.flat().join("")));

  it("marks stand at the same events, with the same text and clock, and every byte is counted", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(3000), { maxLength: 8 }), (bytes, cuts) => {
        const whole = marksIn([bytes]);
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        expect(marksIn(places.slice(1).map((to, i) => Uint8Array.from(bytes.subarray(places[i], to))))).toEqual(whole);
        expect(marksIn(inPieces(bytes, 1))).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });
});
