/** What holds for any input whatever: every byte is counted once, nothing is thrown, and chunks do not matter. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOf, decode, decodeChunks, decodeLines, inPieces } from "../support/decode.ts";
import { alloc, free, head, REAL_LINES } from "../support/trace-text.ts";
import { MAX_LINE_BYTES } from "../../src/ftrace/careful-reader.ts";

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef")), minLength: length, maxLength: length });
const pointer = fc.oneof(
  hex(8),
  hex(16),
  fc.constantFrom("  (null)", "(nil)", "(____ptrval____)", "0000000000000000", "", "12"),
);
const latin1 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const comm = fc.oneof(
  fc.constantFrom("init", "<idle>", "kworker/0:1", "x: kfree: ptr=", "a\nb"),
  latin1.map((text) => text.slice(0, 15)),
);
const headText = fc
  .record({
    comm,
    pid: fc.oneof(fc.constantFrom(1, 92), fc.nat(99999)),
    cpu: fc.oneof(fc.nat(1), fc.nat(300)),
    flags: fc.constantFrom("", "....", ".....", "d..s1."),
    clock: fc.constantFrom("0.000000", "12.345678", "99", "1.000000001"),
  })
  .map(head);
const site = fc.constantFrom("c104deff", "tty_open+0x58/0x6e0", "f+0xa3/0xc70 [fat]", "0xffffffffc028d533");
const size = fc.nat(1 << 20);
const tail = fc.constantFrom(
  "",
  " gfp_flags=GFP_KERNEL",
  " gfp_flags= node=-1 accounted=true",
  " name=a b",
  " gfp_flags=X [  1.0] log",
);
const traceLine = fc.oneof(
  fc
    .tuple(headText, site, pointer, size, size, tail)
    .map(([h, s, ptr, req, bytes, t]) => h + alloc({ site: s, ptr, req, alloc: bytes, tail: t })),
  fc.tuple(headText, site, pointer, tail).map(([h, s, ptr, t]) => h + free({ site: s, ptr, tail: t })),
  headText.map((h) => `${h}sched_yield: x`),
);
const otherLine = fc.oneof(
  latin1,
  fc.constantFrom(
    "",
    "CPU:0 [LOST 157 EVENTS]",
    "CPU:3 [LOST EVENTS]",
    "# tracer: nop",
    "# entries-in-buffer/entries-written: 1/20   #P:2",
    "[    3.1] random: crng init done",
    "[    0.5] kmalloc: call_site=a ptr=1 bytes_req=1 bytes_alloc=1 gfp_flags=GFP_KERNEL",
    "/ # ",
    "# ",
    "            init-1 (",
    ") [000] .... 1.0: kfree: call_site=x ptr=0000000045e08e52",
    "            init-1       [00",
  ),
);
/** A line that lost some bytes, or got some. */
const damaged = fc
  .tuple(fc.oneof(traceLine, otherLine), fc.nat(200), fc.nat(30), latin1)
  .map(([line, at, lost, noise]) => line.slice(0, at) + noise + line.slice(at + lost));
const end = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r\r\n", "");
const input = fc
  .array(fc.tuple(fc.oneof({ weight: 3, arbitrary: traceLine }, otherLine, damaged), end), { maxLength: 40 })
  .map((lines) => bytesOf(lines.map(([line, lineEnd]) => line + lineEnd).join("")));
/** Text of a head's characters alone finds states that whole lines never reach. */
const soup = fc
  .array(
    fc.constantFrom(
      "\n",
      " ",
      "-",
      "1",
      "[000] ",
      "(",
      ")",
      ".....",
      " 1.5: ",
      "kfree: ",
      "call_site=a",
      " ptr=",
      "0000000045e08e52",
      "             a",
      "            init-1 ",
    ),
    {
      maxLength: 60,
    },
  )
  .map((parts) => bytesOf(parts.join("")));
const anyInput = fc.oneof({ weight: 3, arbitrary: input }, soup, fc.uint8Array({ maxLength: 400 }));

describe("any input", () => {
  it("is accounted for to the byte, whatever it is", () => {
    fc.assert(
      fc.property(anyInput, (bytes) => {
        const decoded = decode(bytes);
        expect(decoded.totalBytes).toBe(bytes.length);
        expect(decoded.events.length).toBe(decoded.lines.event ?? 0);
        for (const [name, lines] of Object.entries(decoded.lines)) {
          // A line has a byte at least; a class without lines has none.
          expect(decoded.bytes[name as keyof typeof decoded.bytes]).toBeGreaterThanOrEqual(lines);
        }
        expect(Object.keys(decoded.bytes).sort()).toEqual(Object.keys(decoded.lines).sort());
      }),
      { numRuns: 400 },
    );
  });

  it("has the same events, losses and counts in whatever chunks it comes", () => {
    fc.assert(
      fc.property(anyInput, fc.array(fc.nat(2000), { maxLength: 12 }), (bytes, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const chunks = places.slice(1).map((to, i) => bytes.slice(places[i], to));
        expect(decodeChunks(chunks)).toEqual(decode(bytes));
      }),
      { numRuns: 400 },
    );
  });

  it("has the same events, losses and counts byte by byte", () => {
    fc.assert(
      fc.property(anyInput, (bytes) => {
        expect(decodeChunks(inPieces(bytes, 1))).toEqual(decode(bytes));
      }),
      { numRuns: 150 },
    );
  });

  it("means line by line what each line means alone: nothing that was read before changes it", () => {
    // Pointers of one width, since the width that a trace has is all that a decoder may remember.
    const wide = fc.tuple(fc.constantFrom("c", "f"), hex(15)).map((digits) => digits.join(""));
    const gap = fc.constantFrom("", "", " name=dentry", " name=inode", " name=a b");
    const oneHead = fc
      .record({ pid: fc.constantFrom(1, 92), cpu: fc.nat(1), clock: fc.constantFrom("2.206855", "12.000001", "9") })
      .map(head);
    const line = fc.oneof(
      fc
        .tuple(oneHead, site, wide, gap, fc.nat(99), tail)
        .map(([h, s, ptr, g, req, t]) => h + alloc({ site: s, ptr: ptr + g, req, alloc: 128, tail: t })),
      fc.tuple(oneHead, site, wide, gap).map(([h, s, ptr, g]) => h + free({ site: s, ptr, tail: g })),
    );
    const spoilt = fc
      .tuple(line, fc.nat(170), fc.nat(12), fc.string({ maxLength: 5 }))
      .map(([text, at, lost, noise]) => text.slice(0, at) + noise.replace(/\n/g, "") + text.slice(at + lost));
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: line }, spoilt), { maxLength: 40 }), (lines) => {
        const first = decodeLines(REAL_LINES[0]).events;
        const alone = lines.map((text) => decodeLines(REAL_LINES[0], text).events.slice(1));
        fc.pre(alone.flat().every((event) => !event.ptr.startsWith("00000000")));
        expect(decodeLines(REAL_LINES[0], ...lines).events).toEqual([...first, ...alone.flat()]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a line at the limit of its length", () => {
  it.each([-1, 0, 1])("is the same in any chunks: %i", (more) => {
    for (const lineEnd of ["", "\n", "\nx\n"]) {
      const bytes = bytesOf("y".repeat(MAX_LINE_BYTES + more) + lineEnd);
      const whole = decode(bytes);
      expect(whole.totalBytes).toBe(bytes.length);
      for (const size of [1000, 4096, 65536]) expect(decodeChunks(inPieces(bytes, size))).toEqual(whole);
    }
  });
});

describe("the end of the buffer", () => {
  it("is not read past, wherever in a line it falls", () => {
    const filler = `${"x".repeat(60_000)}\n`.repeat(4);
    const starts = [
      head() + "kfree: call_site=",
      `${head()}kmalloc: call_site=a+0x1/0x2 ptr=0000000045e08e52 name=`,
      "            a-1 (",
      head(),
    ];
    for (const start of starts) {
      const line = start + "a".repeat(700);
      for (const size of [256 * 1024 - 64, 256 * 1024]) {
        for (let shift = -4; shift <= 4; shift++) {
          const bytes = bytesOf(`${filler.slice(filler.length - (size - line.length - 1 + shift))}${line}\n`);
          expect(decode(bytes)).toMatchObject({ events: [], totalBytes: bytes.length });
        }
      }
    }
  });
});
