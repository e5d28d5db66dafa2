import { describe, expect, it } from "vitest";
import { decode, decodeLines } from "../support/decode.ts";
import { alloc, free, head, type HeadFields } from "../support/trace-text.ts";

describe("heads", () => {
  it.each<[string, HeadFields]>([
    ["4 flags (5.10 and before)", { flags: "d..1" }],
    ["5 flags", { flags: "dNs2." }],
    ["a preemption depth of two letters", { flags: ".Bb.1" }],
    ["no flags", { flags: "" }],
    ["( TGID)", { tgid: "    123" }],
    ["(-----) where the tgid is not known", { tgid: "-------" }],
    ["( TGID) and no flags", { tgid: "  99999", flags: "" }],
    ["a pid of seven digits", { pid: 4194303 }],
    ["the idle task", { comm: "<idle>", pid: 0 }],
    ["a forgotten task name", { comm: "<...>", pid: 92 }],
    ["a clock of many digits", { clock: "1234567.206855" }],
    ["nanoseconds", { clock: "2.206855000" }],
  ])("%s", (_, fields) => {
    const decoded = decodeLines(head(fields) + alloc(), head(fields) + free());
    expect(decoded.lines).toEqual({ event: 2 });
    expect(decoded.events[0].cpu).toBe(1);
  });

  it("reads the clock in nanoseconds", () => {
    const clocks = ["0.000000", "2.206855", "1234567.000001", "2.206855001"];
    const { events } = decodeLines(...clocks.map((clock) => head({ clock }) + alloc()));
    expect(events.map((event) => event.timeNs)).toEqual([0, 2_206_855_000, 1_234_567_000_001_000, 2_206_855_001]);
  });

  it("takes the ticks of a clock that counts (trace_clock=counter, x86-tsc)", () => {
    const { events, lines } = decodeLines(
      head({ clock: "184467440" }) + alloc(),
      head({ clock: "7", flags: "" }) + free(),
    );
    expect(lines).toEqual({ event: 2 });
    expect(events.map((event) => event.timeNs)).toEqual([184467440, 7]);
  });

  it.each([0, 1, 9, 10, 127, 999, 4095])("CPU %i", (cpu) => {
    expect(decodeLines(head({ cpu }) + alloc()).events[0].cpu).toBe(cpu);
  });

  it("is no head without a space before its clock, also where the same task was seen before", () => {
    const line = head() + alloc();
    const damaged = line.replace("     2.206855", "206855");
    expect(decodeLines(damaged).events).toEqual([]);
    expect(decodeLines(line, damaged)).toMatchObject({ lines: { event: 1, badHead: 1 } });
  });

  it("the tgid's parentheses do not reach over the end of the line", () => {
    const decoded = decode("            init-1 (\n) [000] .... 1.0: kfree: call_site=a+0x1/0x2 ptr=0000000045e08e52\n");
    expect(decoded.events).toEqual([]);
  });
});
