import { describe, expect, it } from "vitest";
import { linesOf, parseGuestReport } from "../../../src/target/qemu/guest-reports.ts";

describe("parseGuestReport", () => {
  it.each([
    ["@kmemtap now=12.345678 waiting=48211 overrun=0", { nowNs: 12_345_678_000, waitingEvents: 48_211, overrun: 0 }],
    ["@kmemtap waiting=3", { waitingEvents: 3 }],
    ["@kmemtap now=0.5 waiting=1\r", { nowNs: 500_000_000, waitingEvents: 1 }],
    ["@kmemtap milestone=boot finished", { milestone: "boot finished" }],
    ["[    3.1] random: crng @kmemtap milestone=mount vfat", { milestone: "mount vfat" }],
    ["@kmemtap milestone=now=1 waiting=2", { milestone: "now=1 waiting=2" }],
  ])("reads %s", (line, report) => {
    expect(parseGuestReport(line)).toEqual(report);
  });

  it.each(["", "[    3.1] random: crng init done", "kmemtap now=1", "@kmemtap"])("is nothing in `%s`", (line) => {
    expect(parseGuestReport(line)).toBeUndefined();
  });

  it.each([
    ["@kmemtap now=12.34[    3.1] random: crng waiting=7", { waitingEvents: 7 }],
    ["@kmemtap now= waiting=7", { waitingEvents: 7 }],
    ["@kmemtap now=x waiting=y overrun=2", { overrun: 2 }],
    ["@kmemtap waiting=-5 overrun=1.5 now=1", { nowNs: 1_000_000_000 }],
    ["@kmemtap now=Infinity waiting=NaN", {}],
    ["@kmemtap hello", {}],
  ])("leaves out what does not read: %s", (line, report) => {
    expect(parseGuestReport(line)).toEqual(report);
  });
});

describe("linesOf", () => {
  async function* chunks(...parts: (string | Uint8Array)[]) {
    await Promise.resolve();
    for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
  }
  async function lines(...parts: (string | Uint8Array)[]): Promise<string[]> {
    const found: string[] = [];
    for await (const line of linesOf(chunks(...parts))) found.push(line);
    return found;
  }

  it.each<[string, string[], string[]]>([
    ["lines in one chunk", ["a\nb\n"], ["a", "b"]],
    ["a line in pieces", ["a", "b", "c\nd"], ["abc", "d"]],
    ["a newline at a chunk's start", ["a", "\nb"], ["a", "b"]],
    ["carriage returns", ["a\r\nb\r\r\n", "c\r"], ["a", "b", "c"]],
    ["empty lines", ["\n\na\n"], ["", "", "a"]],
    ["nothing", [], []],
  ])("%s", async (_, parts, expected) => {
    expect(await lines(...parts)).toEqual(expected);
  });

  it("a character cut between chunks", async () => {
    const bytes = Buffer.from("größe\n");
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await lines(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(["größe"]);
    }
  });
});
