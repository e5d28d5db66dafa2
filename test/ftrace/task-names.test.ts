/** `prctl(PR_SET_NAME)` lets any process call itself anything of 15 bytes: no name may be taken for an event. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeLines } from "../support/decode.ts";
import { alloc, free, head } from "../support/trace-text.ts";

const utf8 = (text: string) => Buffer.from(text, "utf8").toString("latin1");

describe("task names", () => {
  it.each([
    ["spaces", "a b  c d"],
    ["colons", "kworker/0:1"],
    ["brackets", "[kthreadd] [x]"],
    ["digits and dashes", "x-12 3-4 5-6"],
    ["nothing", ""],
    ["spaces alone", "   "],
    ["an event", "x: kfree: ptr="],
    ["an event", "x: kmalloc:"],
    ["a marker of a loss", "[LOST 9 EVENTS]"],
    ["another marker", "CPU:0 [LOST 9 E"],
    ["a comment", "# tracer: nop"],
    ["a head's middle", "-1 [000] .... 1"],
    ["a head's middle with a clock", "1 [0] . 1.0: kf"],
    ["UTF-8", utf8("größe-ж")],
    ["UTF-8 cut within a character", utf8("ааааааааа").slice(0, 15)],
    ["control characters", "a\tb\x1b[2Jc\r"],
    ["NUL and 0xff", "a\0b\xff"],
  ])("with %s: `%s`", (_, comm) => {
    const decoded = decodeLines(
      head({ comm }) + alloc({ ptr: "00000000c64b90b6" }),
      head({ comm }) + "sched_yield: nothing",
    );
    expect(decoded.lines).toEqual({ event: 1, otherEvent: 1 });
    expect(decoded.events).toMatchObject([{ kind: "kmalloc", ptr: "00000000c64b90b6", cpu: 1, timeNs: 2_206_855_000 }]);
    expect(decoded.losses).toEqual([]);
  });

  it.each(["a\nb", "\n", "abc\n", "\nx: kfree: ptr=", "\n-1 [000] .... ", "\n# tracer: nop", "\n\n\n"])(
    "with a newline: the event counts once or the line is rejected, %j",
    (comm) => {
      const decoded = decodeLines(head({ comm }) + free(), head() + alloc());
      expect(decoded.events.map((event) => event.kind).at(-1)).toBe("kmalloc");
      expect(decoded.events.length + (decoded.lines.badHead ?? 0)).toBe(2);
      expect(decoded.losses).toEqual([]);
    },
  );

  it("any bytes: the account is that of a task called init", () => {
    const name = fc
      .uint8Array({ maxLength: 15 })
      .map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 10 && byte !== 0)));
    const evil = fc
      .constantFrom("kfree: ", "ptr=1 ", "call_site=", "-1 [000]", ": ", "[LOST 9 EVENTS]", " ")
      .map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.array(fc.oneof(name, evil), { maxLength: 6 }), (parts) => {
        const comm = Buffer.concat(parts).subarray(0, 15).toString("latin1");
        const decoded = decodeLines(head({ comm }) + alloc(), head({ comm }) + "sched_yield: nothing");
        expect(decoded).toMatchObject({
          events: decodeLines(head() + alloc()).events,
          losses: [],
          lines: { event: 1, otherEvent: 1 },
        });
      }),
    );
  });
});

describe("text that a task wrote to trace_marker", () => {
  it.each([
    "kfree: call_site=put_pid+0x36/0x50 ptr=00000000c64b90b6",
    alloc(),
    head() + alloc(),
    `x ${head()}${alloc()}`,
    "CPU:0 [LOST 9 EVENTS]",
    "# entries-in-buffer/entries-written: 1/2   #P:1",
  ])("is not an event, whatever it says: %s", (text) => {
    const decoded = decodeLines(`${head()}tracing_mark_write: ${text}`);
    expect(decoded.lines).toEqual({ otherEvent: 1 });
    expect(decoded.events).toEqual([]);
    expect(decoded.losses).toEqual([]);
  });
});
