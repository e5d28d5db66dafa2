/**
 * Real lines damaged at every byte. Whatever is lost, no wrong number may enter the account: what comes out is the event
 * as it was, or none.
 */
import { describe, expect, it } from "vitest";
import { decode, decodeLines, type DecodedEvent } from "../support/decode.ts";
import { ALLOC_LINE, alloc, CACHE_ALLOC_LINE, CACHE_FREE_LINE, free, FREE_LINE, head } from "../support/trace-text.ts";

const LINES = [
  ALLOC_LINE,
  CACHE_ALLOC_LINE,
  FREE_LINE,
  CACHE_FREE_LINE,
  head() + alloc({ site: "ffffffff8104deff", ptr: "ffff8f52ffab6ba0", tail: " gfp_flags=GFP_KERNEL|__GFP_ZERO" }),
  head({ flags: "...." }) + alloc({ site: "c104deff", ptr: "c15ca280", tail: " gfp_flags=GFP_KERNEL|GFP_ZERO" }),
  head({ flags: "...." }) + free({ site: "c104deff", ptr: "c15ca280" }),
];
/** A line before and after, so that the decoder knows the kernel's pointers; of a task and sites of their own. */
const BEFORE = head({ comm: "before" }) + alloc({ site: "before+0x1/0x2", ptr: "1111111111111111" });
const AFTER = head({ comm: "after" }) + alloc({ site: "after+0x1/0x2", ptr: "2222222222222222" });
const LOG = "[    3.141593] random: crng init done";

/** Every event must be one that the undamaged lines hold, in their order and at most once. */
function expectOnlyTrueEvents(damaged: string, undamaged: readonly string[]): void {
  const truth = undamaged.map((line) => JSON.stringify(decodeLines(line).events[0]));
  const key = (event: DecodedEvent) => JSON.stringify(event);
  let next = 0;
  for (const event of decode(damaged).events) {
    const found = truth.indexOf(key(event), next);
    expect(found, `${key(event)}\n from ${JSON.stringify(damaged)}`).toBeGreaterThanOrEqual(next);
    next = found + 1;
  }
}

describe.each(LINES)("cut at every byte: %s", (line) => {
  const cuts = Array.from({ length: line.length + 1 }, (_, at) => at);

  it("at the end of the input", () => {
    for (const at of cuts) expectOnlyTrueEvents(line.slice(0, at), [line]);
  });

  it("at the end of the input, behind other lines", () => {
    for (const at of cuts) expectOnlyTrueEvents(`${BEFORE}\n${line.slice(0, at)}`, [BEFORE, line]);
  });

  it("at the beginning of the input", () => {
    for (const at of cuts) expectOnlyTrueEvents(`${line.slice(at)}\n${AFTER}\n`, [line, AFTER]);
  });

  it("with a line's end at the cut", () => {
    for (const at of cuts) expectOnlyTrueEvents(`${BEFORE}\n${line.slice(0, at)}\r\n${AFTER}\n`, [BEFORE, line, AFTER]);
  });

  it("with a log line of its own inside", () => {
    for (const at of cuts) {
      const damaged = `${BEFORE}\n${line.slice(0, at)}\r\n${LOG}\r\n${line.slice(at)}\r\n${AFTER}\n`;
      expectOnlyTrueEvents(damaged, [BEFORE, line, AFTER]);
    }
  });

  it("with a log line inside", () => {
    for (const at of cuts) {
      expectOnlyTrueEvents(`${BEFORE}\n${line.slice(0, at)}${LOG}\r\n${line.slice(at)}\r\n${AFTER}\n`, [
        BEFORE,
        line,
        AFTER,
      ]);
    }
  });

  it("and merged with the next line, which is read all the same", () => {
    for (const at of cuts) {
      for (const second of [AFTER, head({ comm: "after" }) + free({ ptr: "2222222222222222" })]) {
        const damaged = `${BEFORE}\n${line.slice(0, at)}${second}\n`;
        expectOnlyTrueEvents(damaged, [BEFORE, line, second]);
      }
    }
  });

  it("and what was lost is never silent: a half event is rejected, not foreign", () => {
    const event = line.indexOf(": k") + 2;
    const firstField = line.indexOf("call_site=") + "call_site=".length;
    for (const at of cuts.filter((cut) => cut > firstField && cut > event)) {
      const decoded = decodeLines(BEFORE, line.slice(0, at), AFTER);
      const rejected = (decoded.lines.badField ?? 0) + (decoded.lines.badHead ?? 0) + (decoded.lines.truncated ?? 0);
      expect(decoded.events.length + rejected, line.slice(0, at)).toBe(3);
    }
  });
});

describe("a last line without its end", () => {
  it("is unfinished where its last number may go on", () => {
    const line = head() + alloc({ req: 3000, alloc: 4096, tail: "" });
    expect(decode(line)).toMatchObject({ events: [], lines: { unfinished: 1 } });
  });

  it("is unfinished where its event's name ends too soon: nobody knows what it was", () => {
    expect(decode(`${BEFORE}\n${head()}kmal`)).toMatchObject({ lines: { event: 1, unfinished: 1 } });
    expect(decode(`${BEFORE}\n${head()}kmalloc`)).toMatchObject({ lines: { event: 1, unfinished: 1 } });
  });

  it.each(LINES.slice(0, 4))("is never damage, wherever it ends: %s", (line) => {
    const rejected = ["badHead", "badField", "truncated", "badMarker"] as const;
    for (let at = 1; at < line.length; at++) {
      const { lines } = decode(`${BEFORE}\n${line.slice(0, at)}`);
      expect(
        rejected.filter((name) => name in lines),
        line.slice(0, at),
      ).toEqual([]);
    }
  });

  it("is none in a call site longer than most either", () => {
    const line = head() + alloc({ site: `${"long_".repeat(30)}+0x58/0x6e0` });
    expect(decode(`${BEFORE}\n${line.slice(0, 180)}`).lines).toEqual({ event: 1, unfinished: 1 });
  });

  it("is damage where its newline is there", () => {
    expect(decodeLines(BEFORE, `${head()}kmal`).lines).toEqual({ event: 1, truncated: 1 });
  });

  it("is an event where all that counts is there", () => {
    for (const cut of [0, 5, 20]) {
      const decoded = decode(ALLOC_LINE.slice(0, ALLOC_LINE.length - cut));
      expect(decoded.events).toEqual(decodeLines(ALLOC_LINE).events);
    }
    expect(decode(`${BEFORE}\n${head()}${free({ ptr: "00000000c64b90b6" })}`).lines).toEqual({ event: 2 });
  });
});
