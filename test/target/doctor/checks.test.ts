import { describe, expect, it } from "vitest";
import type { Check } from "../../../src/model/doctor.ts";
import type { LinkFacts } from "../../../src/model/ports.ts";
import { bufferCheck, linkCheck, modeCheck } from "../../../src/target/doctor/check-rate.ts";
import { checkRights, memoryCheck } from "../../../src/target/doctor/check-rights.ts";
import { checkKernel, checkUse, consoleLogCheck, toolsCheck } from "../../../src/target/doctor/check-tracing.ts";
import { LINUX_3_6, LINUX_5_10, LINUX_6_1, LINUX_6_12, LOCKED_DOWN, NO_TRACEFS, NOT_ROOT } from "./facts.ts";

const UART: LinkFacts = { kind: "serial", label: "serial:///dev/ttyUSB0", bytesPerSecond: 11_520 };
const SOCKET: LinkFacts = { kind: "unix", label: "unix:///tmp/console.sock" };
const SSH: LinkFacts = { kind: "ssh", label: "ssh://root@board" };

function statuses(checks: readonly Check[]): Record<string, Check["status"]> {
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}

function named(checks: readonly Check[], name: string): Check {
  const check = checks.find((one) => one.name === name);
  if (check === undefined) throw new Error(`there is no check ${name}`);
  return check;
}

describe("what keeps a target from being traced", () => {
  it.each([
    ["6.1", LINUX_6_1, { root: "ok", lockdown: "ok", tracefs: "ok", events: "ok", instances: "ok" }],
    ["5.10", LINUX_5_10, { root: "ok", lockdown: "ok", tracefs: "ok", events: "ok", instances: "ok" }],
    ["3.6", LINUX_3_6, { root: "ok", lockdown: "ok", tracefs: "ok", events: "ok", instances: "problem" }],
    ["another user", NOT_ROOT, { root: "problem", lockdown: "ok" }],
    ["lockdown", LOCKED_DOWN, { root: "ok", lockdown: "problem", tracefs: "problem" }],
    ["no tracefs", NO_TRACEFS, { root: "ok", lockdown: "ok", tracefs: "problem" }],
  ] as const)("%s", (_, facts, expected) => {
    expect(statuses(checkRights(facts))).toEqual(expected);
  });

  it("gives a remedy with every problem", () => {
    const checks = [LINUX_3_6, NOT_ROOT, LOCKED_DOWN, NO_TRACEFS].flatMap(checkRights);
    const problems = checks.filter(({ status }) => status === "problem");
    expect(problems.length).toBe(5);
    for (const { remedy } of problems) expect(remedy).toMatch(/\S/);
  });

  it("does not blame the kernel for an empty tracefs under lockdown", () => {
    expect(named(checkRights(LOCKED_DOWN), "tracefs").finding).toContain("lockdown");
    expect(named(checkRights(NO_TRACEFS), "tracefs").remedy).toContain("CONFIG_FTRACE");
  });

  it("tells a tracefs that has to be mounted", () => {
    const facts = { ...LINUX_6_1, tracefs: "/sys/kernel/tracing (not mounted)" };
    expect(named(checkRights(facts), "tracefs")).toMatchObject({
      status: "ok",
      finding: expect.stringContaining("can be mounted at /sys/kernel/tracing:") as string,
    });
  });

  it("names the events, and those that are missing", () => {
    expect(named(checkRights({ ...LINUX_6_1, events: [] }), "events").status).toBe("problem");
    const check = named(checkRights({ ...LINUX_6_1, events: ["kmalloc", "kfree"] }), "events");
    expect(check).toMatchObject({
      status: "note",
      finding: expect.stringContaining("no kmem_cache_alloc, kmem_cache_free") as string,
    });
  });
});

describe("how well a kernel can be traced", () => {
  it.each([
    [
      "6.1",
      LINUX_6_1,
      { "hist triggers": "ok", "hidden frees": "ok", pointers: "note", clock: "ok", "own events": "ok", symbols: "ok" },
    ],
    [
      "6.12",
      LINUX_6_12,
      { "hist triggers": "ok", "hidden frees": "ok", pointers: "ok", clock: "ok", "own events": "ok", symbols: "ok" },
    ],
    [
      "5.10",
      LINUX_5_10,
      {
        "hist triggers": "note",
        "hidden frees": "note",
        pointers: "ok",
        clock: "ok",
        "own events": "ok",
        symbols: "ok",
      },
    ],
    [
      "3.6",
      LINUX_3_6,
      {
        "hist triggers": "note",
        "hidden frees": "note",
        pointers: "ok",
        clock: "ok",
        "own events": "note",
        symbols: "ok",
      },
    ],
  ] as const)("Linux %s", (_, facts, expected) => {
    expect(statuses(checkKernel(facts))).toEqual(expected);
  });

  it("takes no_hash_pointers for what it is", () => {
    const facts = { ...LINUX_6_1, cmdline: `${LINUX_6_1.cmdline} no_hash_pointers` };
    expect(named(checkKernel(facts), "pointers")).toMatchObject({ status: "ok" });
  });

  it("says that awk is what is missing, not the kernel", () => {
    const facts = { ...LINUX_6_1, tools: new Set([...LINUX_6_1.tools].filter((tool) => tool !== "awk")) };
    expect(named(checkKernel(facts), "hist triggers")).toMatchObject({
      status: "note",
      finding: expect.stringMatching(/has no awk: mode hist/) as string,
      remedy: expect.stringContaining("busybox") as string,
    });
  });

  it("knows hidden and absent symbols", () => {
    expect(named(checkKernel({ ...LINUX_6_1, kallsyms: "zeros", kptrRestrict: "2" }), "symbols")).toMatchObject({
      status: "note",
      remedy: expect.stringContaining("kptr_restrict") as string,
    });
    expect(named(checkKernel({ ...LINUX_6_1, kallsyms: "none" }), "symbols").remedy).toContain("CONFIG_KALLSYMS");
  });
});

describe("what else is going on there", () => {
  it("is quiet where nobody traces", () => {
    expect(statuses(checkUse(LINUX_6_1))).toEqual({ "in use": "ok", stale: "ok" });
  });

  it("tells others' tracing from what a killed kmemtap left, and from a kmemtap at work", () => {
    const facts = {
      ...LINUX_6_1,
      tracer: "function",
      eventsOn: ["sched", "irq"],
      otherInstances: ["perfetto", "kmemtap-7-ka-p", "kmemtap-9-kb-p"],
      stale: 1,
    };
    const [inUse, stale] = checkUse(facts);
    expect(inUse.finding).toContain("the tracer function");
    expect(inUse.finding).toContain("sched, irq");
    expect(inUse.finding).toContain("instances of others: perfetto;");
    expect(inUse.finding).toContain("1 other instance of kmemtap");
    expect(stale).toMatchObject({ status: "note", remedy: expect.stringContaining("--clean") as string });
  });

  it("says what was removed", () => {
    expect(checkUse(LINUX_6_1, ["removed kmemtap-7-ka-p"])[1]).toMatchObject({
      status: "ok",
      finding: "removed kmemtap-7-ka-p",
    });
  });

  it("misses tools only where the link needs them", () => {
    expect(toolsCheck(LINUX_3_6, "ssh").finding).not.toContain("missing");
    expect(toolsCheck(LINUX_3_6, "serial")).toMatchObject({
      status: "note",
      finding: expect.stringContaining("missing: stty, cksum") as string,
    });
    expect(toolsCheck({ ...LINUX_6_1, tools: new Set(["awk"]) }, "ssh").status).toBe("problem");
    expect(toolsCheck(LINUX_6_1, "serial").status).toBe("ok");
  });

  it("says where the kernel's log goes", () => {
    expect(consoleLogCheck(LINUX_6_1).finding).toMatch(/^level 7 on ttyS1:/);
    expect(consoleLogCheck({ ...LINUX_6_1, consoleLoglevel: "1" }).finding).toMatch(/^off/);
  });
});

describe("memory, buffer, link and mode against the rate", () => {
  it("compares the ring buffers with the memory", () => {
    expect(memoryCheck(LINUX_6_1, 8192).status).toBe("ok");
    expect(memoryCheck(LINUX_6_1, 150_000)).toMatchObject({ status: "note", remedy: "--buffer-kb 53750" });
    expect(memoryCheck(LINUX_6_1, 300_000).status).toBe("problem");
  });

  it("says for how long a buffer lasts", () => {
    // 8 MiB of 58-byte events, at 20,000 a second.
    const quiet = bufferCheck({ ...LINUX_6_1, eventsPerSecond: 260 }, 8192);
    expect(quiet.status).toBe("ok");
    expect(quiet.finding).toContain("hold 144,631 events");
    expect(quiet.finding).toContain("260 a second now: with nobody reading, full in 9 min");
    expect(quiet.finding).toContain("at a workload's 20,000, full in 7.2 s");
    const busy = bufferCheck({ ...LINUX_6_1, eventsPerSecond: 100_000 }, 8192);
    expect(busy).toMatchObject({ status: "note", remedy: expect.stringContaining("--buffer-kb 65536") as string });
    expect(busy.finding).not.toContain("workload");
  });

  it("measures a link against its baud rate", () => {
    expect(linkCheck(UART, { measured: 11_300, concurrent: false })).toMatchObject({ status: "note" });
    expect(linkCheck(UART, { measured: 4000, concurrent: false }).finding).toContain("far less");
    expect(linkCheck(SSH, { measured: 300e6, concurrent: true }, 260)).toMatchObject({ status: "ok" });
    expect(linkCheck(SSH, { measured: 1e6, concurrent: true }, 260)).toMatchObject({ status: "note" });
  });

  it("chooses what a capture would choose", () => {
    const slow = modeCheck(UART, { measured: 11_300, concurrent: false }, LINUX_6_1);
    expect(slow.choice.mode).toBe("hist");
    expect(slow.check.status).toBe("ok");
    // 11,520 / 166 bytes an event, of 260 a second.
    expect(slow.headroom).toBeCloseTo(0.267, 3);

    // As of dash, whose sleeps are in the sums.
    const sleeps = modeCheck(UART, { measured: 11_300, concurrent: false }, { ...LINUX_6_1, timedRead: false });
    expect(sleeps.check).toMatchObject({
      status: "note",
      finding: expect.stringMatching(/^hist: .*the agent's own sleeps are in the sums/) as string,
      remedy: expect.stringContaining("dash") as string,
    });

    const without = modeCheck(UART, { measured: 11_300, concurrent: false }, LINUX_5_10);
    expect(without.choice.mode).toBe("text");
    expect(without.check).toMatchObject({ status: "note", remedy: expect.stringContaining("--buffer-kb") as string });

    const ssh = modeCheck(SSH, { measured: 50e6, concurrent: true }, LINUX_6_1);
    expect(ssh.choice).toMatchObject({ mode: "raw", headroom: undefined });
    expect(ssh.headroom).toBeCloseTo(50e6 / 166 / 260, 3);
    expect(ssh.check.status).toBe("ok");

    expect(modeCheck(SOCKET, { measured: 100e6, concurrent: false }, LINUX_6_1).choice.mode).toBe("text");
    expect(modeCheck(SSH, { measured: undefined, concurrent: true }, LINUX_6_1).headroom).toBeUndefined();
  });
});
