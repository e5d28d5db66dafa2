/** What a serial line does to a trace: line ends, log lines, prompts, merged lines, noise. */
import { describe, expect, it } from "vitest";
import { MAX_LINE_BYTES } from "../../src/ftrace/careful-reader.ts";
import { bytesOf, decode, decodeLines } from "../support/decode.ts";
import { ALLOC_LINE, CACHE_ALLOC_LINE, CACHE_FREE_LINE, FREE_LINE, head, REAL_LINES } from "../support/trace-text.ts";

const LOG = "[    3.141593] random: crng init done";
const PLAIN = decodeLines(...REAL_LINES).events;

describe("line ends", () => {
  it.each(["\n", "\r\n", "\r\r\n"])("%j", (end) => {
    const decoded = decode(REAL_LINES.map((line) => line + end).join(""));
    expect(decoded.events).toEqual(PLAIN);
    expect(decoded.lines).toEqual({ event: 4 });
  });

  it("may be missing on the last line", () => {
    expect(decode(REAL_LINES.join("\n")).events).toEqual(PLAIN);
  });

  it("alone are blank lines", () => {
    expect(decode("\n\r\n   \n\r\r\n").lines).toEqual({ blank: 4 });
  });
});

describe("the kernel's log and a shell", () => {
  it.each([
    LOG,
    `<6>${LOG}`,
    "[    3.141593][    T1] random: crng init done",
    "/ # cat /sys/kernel/tracing/trace_pipe",
    "# cat /sys/kernel/tracing/trace_pipe",
    "root@board:~# ls -l",
    "-rw-r--r--    1 root     root             0 Nov 23 17:31 kmalloc: call",
    "BusyBox v1.36.1 (Debian 1:1.36.1-9) built-in shell (ash)",
  ])("between trace lines are ignored on purpose: %s", (text) => {
    const decoded = decodeLines(ALLOC_LINE, text, FREE_LINE);
    expect(decoded.events).toEqual(decodeLines(ALLOC_LINE, FREE_LINE).events);
    expect(Object.keys(decoded.lines).filter((name) => !["event", "foreign", "comment"].includes(name))).toEqual([]);
  });

  it.each([LOG, "/ # ", "# ", "~ # ", "$ ", "root@board:~# ", "login: "])(
    "in front of a trace line do not hide it: `%s`",
    (text) => {
      const decoded = decodeLines(...REAL_LINES.map((line) => text + line));
      expect(decoded.events).toEqual(PLAIN);
      expect(decoded.lines).toEqual({ event: 4, foreign: 4 });
    },
  );

  it("behind a complete event do not spoil it", () => {
    const decoded = decodeLines(CACHE_FREE_LINE + LOG, CACHE_ALLOC_LINE + LOG, `${FREE_LINE} ${LOG}`);
    expect(decoded.events).toEqual(decodeLines(CACHE_FREE_LINE, CACHE_ALLOC_LINE, FREE_LINE).events);
    expect(decoded.lines).toEqual({ event: 3, foreign: 3 });
  });

  it("an event that tp_printk sent to the log is not counted twice", () => {
    const event = ALLOC_LINE.slice(head().length);
    const decoded = decodeLines(
      `[    0.548493] ${event}`,
      `<6>[    0.548493] ${event}`,
      `[    0.548493][    T1] ${event}`,
    );
    expect(decoded.lines).toEqual({ printkEvent: 3 });
    expect(decoded.events).toEqual([]);
  });
});

describe("two trace lines on one line", () => {
  it("are two events", () => {
    for (const first of REAL_LINES)
      for (const second of REAL_LINES)
        expect(decodeLines(first + second).events).toEqual(decodeLines(first, second).events);
  });

  it("many are many", () => {
    expect(decodeLines(REAL_LINES.join("")).events).toEqual(PLAIN);
  });

  it("the second counts where the first was cut in its site", () => {
    const cut = ALLOC_LINE.slice(0, ALLOC_LINE.indexOf("open"));
    const decoded = decodeLines(cut + FREE_LINE);
    expect(decoded.events).toEqual(decodeLines(FREE_LINE).events);
    expect(decoded.lines).toEqual({ badField: 1, event: 1 });
  });
});

describe("an event on two lines", () => {
  it.each([
    ["kfree: call_site=a+0x1", "/0x2 ptr=0000000000000000"],
    ["kfree: call_site=a+0x1", "/0x2 ptr=00000000c64b90b6"],
    ["kfree: call_site=a+0x1/0x2", " ptr=0000000000000000"],
    ["kmalloc: call_site=a+0x1/0x2 ptr=00000000c64b90b6 name=", "x bytes_req=1 bytes_alloc=1 gfp_flags=0"],
  ])("is none: %s | %s", (first, second) => {
    const decoded = decodeLines(head() + first, second);
    expect(decoded.events).toEqual([]);
    expect(decoded.lines).toEqual({ badField: 1, badHead: 1 });
  });
});

describe("noise", () => {
  it("of NUL bytes between lines is foreign", () => {
    const decoded = decode(`${ALLOC_LINE}\n\0\0\0\0\n${"\0".repeat(100)}${FREE_LINE}\n`);
    expect(decoded.events).toEqual(decodeLines(ALLOC_LINE, FREE_LINE).events);
  });

  it("in a line too long to be one is counted, not kept, and the next line is read", () => {
    for (const length of [MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 5 * MAX_LINE_BYTES]) {
      const decoded = decode(`${ALLOC_LINE}\n${"x".repeat(length)}\n${FREE_LINE}\n`);
      expect(decoded.events).toEqual(decodeLines(ALLOC_LINE, FREE_LINE).events);
      expect(decoded.lines).toEqual({ event: 2, tooLong: 1 });
      expect(decoded.bytes.tooLong).toBe(length + 1);
    }
  });

  it("of the longest line that may be one is foreign", () => {
    expect(decode(`${"x".repeat(MAX_LINE_BYTES - 1)}\n`).lines).toEqual({ foreign: 1 });
  });

  it("without any end is counted", () => {
    const input = bytesOf("x".repeat(3 * MAX_LINE_BYTES));
    expect(decode(input)).toMatchObject({ lines: { tooLong: 1 }, totalBytes: input.length });
  });
});
