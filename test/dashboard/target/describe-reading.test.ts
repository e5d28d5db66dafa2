import { expect, it } from "vitest";
import {
  describeLink,
  describePrintk,
  describeRelease,
  describeWay,
  formatRate,
} from "../../../src/dashboard/target/describe-reading.ts";
import { describeGap } from "../../../src/dashboard/target/describe-gap.ts";
import { impliedKnown } from "../../../src/dashboard/format/implied-known.ts";
import { peaksKnown } from "../../../src/dashboard/format/peaks-known.ts";
import { TARGET } from "../../support/live-update.ts";

it("says over what the target is read, also a link of a newer server", () => {
  expect(describeWay("ssh")).toBe("over ssh");
  expect(describeWay("local")).toBe("on this machine");
  expect(describeWay("pigeon" as "ssh")).toBe("over pigeon");
});

it("says what the link carries, or else what came through it", () => {
  expect(describeLink({ ...TARGET.link, bytesPerSecond: 11_520 })).toBe("carries 11.5 kB/s");
  expect(describeLink({ ...TARGET.link, bytesReceived: 2_097_152 })).toBe("2.0 MiB received");
  expect(formatRate(835_000)).toBe("835 kB/s");
  expect(formatRate(312_000_000)).toBe("312 MB/s");
});

it("says what of the console's lines the trace has too, and what the console lost", () => {
  const printk = { events: 35_902, matched: 12_000, consoleOnly: 23_902, traceOnly: 0, recoveredEvents: 0 };
  const joined = { ...printk, droppedMessages: 0, clockOffsetNs: null };
  expect(describePrintk(joined)).toBe("35,902 events, 12,000 of them in the trace too");
  expect(describePrintk({ ...joined, droppedMessages: 3 })).toMatch(/; 3 messages of the kernel's log lost$/);
});

it("names the kernel", () => {
  expect(describeRelease("6.1.0-18-amd64")).toBe("Linux 6.1.0-18-amd64");
  expect(describeRelease("Linux 6.1")).toBe("Linux 6.1");
});

it("tells how long the link was down, and why", () => {
  const fromMs = new Date(2026, 0, 2, 14, 3, 12).getTime();
  expect(describeGap({ fromMs, toMs: fromMs + 8000, reason: "connection reset" })).toBe(
    "14:03:12 to 14:03:20 (8.0 s): connection reset",
  );
  expect(describeGap({ fromMs, toMs: fromMs, reason: "" })).toBe("14:03:12 to 14:03:12 (0.0 s)");
});

it("knows an account without peaks: a true one is never below what is held now", () => {
  expect(peaksKnown({ netBytes: 64, peakNetBytes: 64 })).toBe(true);
  expect(peaksKnown({ netBytes: 0, peakNetBytes: 0 })).toBe(true);
  expect(peaksKnown({ netBytes: 64, peakNetBytes: 0 })).toBe(false);
});

it("does not take the kernel's sums for an account of implied frees", () => {
  expect(impliedKnown("hist", { impliedFrees: 0 })).toBe(false);
  expect(impliedKnown("hist", { impliedFrees: 3 })).toBe(true);
  expect(impliedKnown("raw", { impliedFrees: 0 })).toBe(true);
});
