import { describe, expect, it } from "vitest";
import { accountOfLines } from "../support/account.ts";
import { decodeLines } from "../support/decode.ts";
import { ALLOC_LINE, FREE_LINE } from "../support/trace-text.ts";
import { snapshotSchema } from "../../src/model/snapshot.ts";

describe("trace_pipe's LOST lines", () => {
  it("say CPU and number, at the clock of the event before", () => {
    const { losses, lines } = decodeLines(ALLOC_LINE, "CPU:0 [LOST 157 EVENTS]", "CPU:11 [LOST 3 EVENTS]", FREE_LINE);
    expect(lines).toEqual({ event: 2, lostMarker: 2 });
    expect(losses).toEqual([
      { cpu: 0, events: 157, timeNs: 2_206_855_000 },
      { cpu: 11, events: 3, timeNs: 2_206_855_000 },
    ]);
  });

  it("may have no number", () => {
    expect(decodeLines("CPU:2 [LOST EVENTS]").losses).toEqual([{ cpu: 2, events: undefined, timeNs: 0 }]);
  });

  it.each(["CPU:0 [LOST 157 EVENTS]\r", `CPU:0 [LOST 157 EVENTS]${ALLOC_LINE}`, "/ # CPU:0 [LOST 157 EVENTS]"])(
    "count on a console too: %j",
    (line) => {
      expect(decodeLines(line).losses).toEqual([{ cpu: 0, events: 157, timeNs: 0 }]);
    },
  );

  it.each([
    "CPU:0 [LOST 157 EVE",
    "CPU:0 [LOST",
    "CPU: [LOST 1 EVENTS]",
    "CPU:x [LOST 1 EVENTS]",
    "CPU:0 LOST 1 EVENTS",
  ])("are not made out of pieces: %s", (line) => {
    expect(decodeLines(line).losses).toEqual([]);
  });

  it.each([
    "CPU:99999999999999999999 [LOST 1 EVENTS]",
    "CPU:0 [LOST 99999999999999999999999 EVENTS]",
    `CPU:0 [LOST ${"9".repeat(400)} EVENTS]`,
    `# entries-in-buffer/entries-written: 1/${"9".repeat(400)}   #P:1`,
  ])("a number that no kernel counts leaves a snapshot that its own schema accepts: %s", (line) => {
    const snapshot = accountOfLines([ALLOC_LINE, line]);
    expect(snapshotSchema.safeParse(JSON.parse(JSON.stringify(snapshot))).error?.issues).toBeUndefined();
  });
});

describe("a trace file's header", () => {
  const entries = (text: string) => `# entries-in-buffer/entries-written: ${text}   #P:2`;

  it("says what was overwritten", () => {
    const { losses, lines } = decodeLines("# tracer: nop", "#", entries("1342/63023"));
    expect(losses).toEqual([{ cpu: undefined, events: 61681, timeNs: 0 }]);
    expect(lines).toEqual({ traceHeader: 2, comment: 1 });
  });

  it("says that nothing was", () => {
    expect(decodeLines(entries("10458/10458")).losses).toEqual([]);
    expect(decodeLines(entries("0/0")).losses).toEqual([]);
  });

  it.each(["x/y", "12", "12/", "/12", ""])("damaged says nothing: `%s`", (text) => {
    expect(decodeLines(entries(text)).losses).toEqual([]);
  });

  it("is comments otherwise", () => {
    const decoded = decodeLines(
      "#                                _-----=> irqs-off/BH-disabled",
      "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION",
      "#              | |         |   |||||     |         |",
      "#",
    );
    expect(decoded.lines).toEqual({ comment: 4 });
  });
});
