/** Which way a target is read, and why. */
import { describe, expect, it } from "vitest";
import { chooseMode, TEXT_EVENT_BYTES, type WantedMode } from "../../../src/target/agent/choose-mode.ts";
import { FACTS } from "../../support/agent-source.ts";

const NO_HIST = { hist: false };
const choose = (wanted: WantedMode, bytesPerSecond: number | undefined, facts: Partial<typeof FACTS> = {}) =>
  chooseMode(wanted, { kind: "serial" }, bytesPerSecond, { ...FACTS, ...facts });
const carrying = (events: number) => events * TEXT_EVENT_BYTES;

describe("auto", () => {
  it("takes the ring buffers as they are where the link keeps up with anything", () => {
    expect(chooseMode("auto", { kind: "ssh" }, undefined, FACTS)).toEqual({
      mode: "raw",
      reason: "ssh carries every event",
      headroom: undefined,
    });
  });

  it.each(["zeros", "none"])("leaves the names to the kernel where its kallsyms has none: %s", (kallsyms) => {
    expect(choose("auto", undefined, { kallsyms })).toMatchObject({
      mode: "text",
      reason: expect.stringMatching(/kallsyms has no addresses/) as string,
    });
  });

  it.each([
    [carrying(20_000), undefined, {}, "text"],
    [carrying(19_999), undefined, {}, "hist"],
    [11_520, undefined, {}, "hist"],
    [carrying(50_000), 25_001, {}, "hist"],
    [carrying(50_000), 25_000, {}, "text"],
    [11_520, undefined, NO_HIST, "text"],
    [11_520, undefined, { synthetic: false }, "text"],
    [11_520, undefined, { tools: new Set(["dd"]) }, "text"],
    [0, 0, {}, "hist"],
  ] as const)("%d bytes/s, %s events/s, %j: %s", (bytesPerSecond, eventsPerSecond, facts, mode) => {
    expect(choose("auto", bytesPerSecond, { ...facts, eventsPerSecond }).mode).toBe(mode);
  });

  it("says what it went by, in numbers", () => {
    expect(choose("auto", 11_520, { eventsPerSecond: 812 }).reason).toBe(
      "the link carries 69 events/s as text, the target makes 812 when idle: sums are made in its kernel",
    );
    expect(choose("auto", 11_520, { eventsPerSecond: 24 }).reason).toBe(
      "the link carries 69 events/s as text, the target makes 24 when idle, thousands when busy: sums are made in its kernel; " +
        "--mode text fits while it stays idle, and has peaks, ages and tasks",
    );
    expect(choose("auto", 11_520, NO_HIST).reason).toMatch(/no hist triggers: a busy target will overrun$/);
    expect(choose("auto", 11_520, NO_HIST).reason).not.toContain("when idle");
  });

  it("tells how many times the idle rate fits the link", () => {
    expect(choose("auto", carrying(1000), { eventsPerSecond: 250 }).headroom).toBe(4);
    expect(choose("auto", carrying(1000), { eventsPerSecond: 0 }).headroom).toBe(1000);
    expect(choose("auto", undefined, { eventsPerSecond: 250 }).headroom).toBeUndefined();
  });
});

describe("events", () => {
  it.each([
    [undefined, {}, "raw"],
    [undefined, { kallsyms: "zeros" }, "text"],
    [11_520, {}, "text"],
    [carrying(50_000), {}, "text"],
  ] as const)("%d bytes/s, %j: %s, never sums", (bytesPerSecond, facts, mode) => {
    expect(choose("events", bytesPerSecond, facts).mode).toBe(mode);
  });

  it("says why it overruns", () => {
    expect(choose("events", 11_520).reason).toBe("every event is needed; the link carries 69 events/s as text");
  });
});

describe("a mode that was asked for", () => {
  it("is raw only where there are several channels", () => {
    expect(choose("raw", undefined)).toMatchObject({ mode: "raw", reason: "asked for" });
    expect(() => choose("raw", 11_520)).toThrow(/mode raw: a serial link has one channel/);
  });

  it("is taken, whatever the link carries", () => {
    expect(choose("text", 960)).toMatchObject({ mode: "text", reason: "asked for" });
    expect(choose("hist", undefined)).toMatchObject({ mode: "hist", reason: "asked for" });
    expect(choose("text", 960, NO_HIST).mode).toBe("text");
  });

  it.each([
    [NO_HIST, /Linux 6\.1\.0 there has no hist triggers \(CONFIG_HIST_TRIGGERS\)/],
    [{ synthetic: false }, /has no hist triggers/],
    [{ tools: new Set<string>() }, /has no awk/],
  ])("is refused where the target cannot: %j", (facts, message) => {
    expect(() => choose("hist", undefined, facts)).toThrow(message);
    expect(() => choose("hist", undefined, facts)).toThrow(
      expect.objectContaining({
        code: "target/unsupported",
        exitCode: 3,
        nextStep: "use --mode text or auto",
      }) as Error,
    );
  });
});
