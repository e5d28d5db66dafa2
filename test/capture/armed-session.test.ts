/** A session over a target that kmemtap armed, whose link breaks and comes back: what viewers would see. */
import { describe, expect, it } from "vitest";
import type { LiveOptions } from "../../src/capture/live-options.ts";
import { liveSession } from "../../src/capture/live-session.ts";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import { KmemtapError } from "../../src/model/errors.ts";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import type { Alert } from "../../src/model/wire.ts";
import { planOf } from "../support/agent-source.ts";
import { collect } from "../support/collect.ts";
import { type ScriptedOptions, scriptedSource } from "../support/scripted-agent.ts";
import { ALLOC_LINE, alloc, CACHE_ALLOC_LINE, FREE_LINE, head } from "../support/trace-text.ts";
import { until } from "../support/until.ts";

/** What the agent of a test sends when it is told to: `say TEXT` is a line of its own, `h TEXT` one of the sums' reader. */
const MORE = `
    "say "*) say "\${line#say }" ;;
    "h "*) HW=$((HW + 1)); body="$NONCE h$HW \${line#h }"; echo "@kmemtap $body ~\${#body}.$(checksum "$body")" ;;
    "out "*)`;

function start(options: Omit<ScriptedOptions, "onLine"> = {}, live: Partial<LiveOptions> = {}) {
  const made = scriptedSource({ script: (text) => text.replace('"out "*)', MORE.trim()), ...options });
  const { source } = made;
  const updates = collect(liveSession(source, { agent: source, snapshotMs: 10, silentAfterMs: 60_000, ...live }));
  const last = (): LiveUpdate => updates.values[updates.values.length - 1];
  const alerts = (): Alert[] => updates.values.flatMap(({ newAlerts }) => newAlerts);
  const is = (what: string, condition: (update: LiveUpdate) => boolean) =>
    until(what, () => updates.values.length > 0 && condition(last()));
  return { ...made, updates, last, alerts, is };
}

const allocs = (count: number) => (update: LiveUpdate) => update.snapshot.totals.allocs === count;

describe("a session over an armed target", () => {
  it("accounts what streams, says how it is read, and ends in order", async () => {
    const { source, is, last, updates } = start();
    await is("the window", ({ began }) => began);
    source.send(`out ${ALLOC_LINE}`);
    await is("the event", allocs(1));
    source.stop();
    await until("the end", () => updates.ended);
    expect(snapshotSchema.parse(last().snapshot)).toMatchObject({
      exact: true,
      mode: "text",
      release: "6.1.0",
      link: { kind: "local", reconnects: 0 },
      gaps: [],
    });
    expect(last().link.status).toBe("ended");
  });

  it("hears the stats on the second channel: they become the CPUs, the lag and the alerts", async () => {
    const { source, is, last, alerts, updates } = start();
    await is("the window", ({ began }) => began);
    source.send(`out ${ALLOC_LINE}`);
    const fields = "entries=100 overrun=42 commit=0 bytes=60000 oldest=1.0 now=9.0 dropped=0 read=5 kb=64";
    source.send(`err 3 ${fields}`);
    await is("the CPU", ({ snapshot }) => snapshot.cpus?.length === 1);
    expect(last().snapshot).toMatchObject({ exact: false, cpus: [{ cpu: 3, overrun: 42 }], loss: { lostEvents: 42 } });
    expect(last().link.lag).toMatchObject({ waitingEvents: 100, overrun: 42 });
    expect(alerts()).toMatchObject([{ level: "lost", cpu: 3, events: 42 }]);
    // Markers of the same loss arrive later and say nothing new.
    source.send("out CPU:3 [LOST 42 EVENTS]");
    source.send(`out ${FREE_LINE}`);
    await is("the free", ({ snapshot }) => snapshot.totals.frees === 1);
    source.send(`err 3 ${fields.replace("entries=100", "entries=0")}`);
    await is("empty buffers", ({ snapshot }) => snapshot.cpus?.[0].entries === 0);
    source.stop();
    await until("the end", () => updates.ended);
    expect(last().snapshot.loss.lostEvents).toBe(42);
    expect(alerts()).toHaveLength(1);
  });
});

describe("a link that breaks", () => {
  it("and comes back leaves one account, inexact from the gap on, and the history of all of it", async () => {
    const { source, is, last, alerts, updates } = start();
    await is("the window", ({ began }) => began);
    source.send(`out ${ALLOC_LINE}`);
    await is("an event", allocs(1));
    expect(last().snapshot.exact).toBe(true);
    const half = CACHE_ALLOC_LINE.slice(0, 60);
    source.send(`half ${half}`);
    source.send("die");
    await is("the gap", ({ snapshot }) => snapshot.gaps?.length === 1);
    source.send(`out ${CACHE_ALLOC_LINE}`);
    await is("the second event", allocs(2));
    source.send(`out ${FREE_LINE.replace("2.300000", "5.300000")}`);
    await is("the free", ({ snapshot }) => snapshot.totals.frees === 1);
    const { snapshot, history } = last();
    expect(snapshot).toMatchObject({
      exact: false,
      source: { run: 1 },
      link: { reconnects: 1 },
      loss: { lostUncounted: 1, lostEvents: 0 },
      gaps: [{ reason: expect.stringContaining("ended") as string }],
    });
    expect(history.map(([seconds]) => seconds)).toEqual([...history.map(([seconds]) => seconds)].sort((a, b) => a - b));
    expect(history.at(-1)).toEqual([5.3, 704, 700, 1]);
    expect(alerts()).toMatchObject([
      { level: "lost", events: null, cpu: null, text: expect.stringContaining("link was down") as string },
    ]);
    source.stop();
    await until("the end", () => updates.ended);
  });

  it("to a target that has booted since is a second run; the first is kept, and why it ended is told", async () => {
    const { source, is, last, alerts, updates } = start({ plan: (nth) => planOf("text", { bootId: `boot-${nth}` }) });
    await is("the window", ({ began }) => began);
    source.send(`out ${ALLOC_LINE}`);
    await is("an event", allocs(1));
    source.send("die");
    await is("the second run", ({ snapshot }) => snapshot.source.run === 2);
    expect(last().previousRuns).toMatchObject([{ summary: { run: 1, exact: false, totals: { netBytes: 4096 } } }]);
    expect(last().previousRuns[0].snapshot).toMatchObject({
      bootId: "boot-1",
      gaps: [{ reason: "the target rebooted" }],
    });
    await until("the alert", () => alerts().some(({ text }) => text.includes("the target rebooted")));
    await is("the window", ({ began }) => began);
    source.send(`out ${CACHE_ALLOC_LINE}`);
    await is("its event", allocs(1));
    expect(last().snapshot).toMatchObject({ exact: true, bootId: "boot-2", gaps: [], totals: { netBytes: 704 } });
    source.stop();
    await until("the end", () => updates.ended);
    expect(alerts()).toHaveLength(1);
  });

  it("for good is a failure that viewers see, and the session is over", async () => {
    const { source, is, last, updates } = start({ reconnect: false });
    await is("the window", ({ began }) => began);
    source.send(`out ${ALLOC_LINE}`);
    await is("an event", allocs(1));
    source.send("die");
    await until("the end", () => updates.ended);
    expect(last()).toMatchObject({ link: { status: "failed" }, snapshot: { exact: false, totals: { allocs: 1 } } });
  });

  it("before it was made is a failure, too", async () => {
    const { last, updates } = start({
      connect: () => Promise.reject(new KmemtapError("link/unreachable", "no route")),
    });
    await until("the end", () => updates.ended);
    expect(last().link).toMatchObject({ status: "failed", detail: "no route" });
  });
});

describe("mode hist", () => {
  const hist = { plan: () => planOf("hist"), tickMs: 60_000 };
  const SUMS = [
    "name 1 ffffffff81000010 tty_open+0x58/0x6e0",
    "row kmalloc 1 3 192 171",
    "map name=kmalloc hits=3 entries=1 size=4096 dropped=0",
    "tick-done",
  ];

  it("shows the kernel's sums and their history", async () => {
    const { source, is, last } = start(hist);
    await is("the window", ({ began }) => began);
    for (const text of SUMS) source.send(`h ${text}`);
    await is("the sums", allocs(3));
    source.send("h row kmalloc 1 5 320 300");
    source.send("h map name=kmalloc hits=5 entries=1 size=4096 dropped=0");
    source.send("h tick-done");
    await is("the next sums", allocs(5));
    expect(last().snapshot).toMatchObject({ exact: true, mode: "hist", totals: { netBytes: 320, peakNetBytes: 320 } });
    expect(last().history.map(([, net]) => net)).toEqual(expect.arrayContaining([192, 320]));
    // No event has passed the link, but two more happened between the readings.
    expect(last().snapshot.input.events.lines).toBe(0);
    expect(last().link.eventsPerSecond).toBeGreaterThan(0);
  });

  it("asks for a whole reading where one did not add up, and is unsure until it has come", async () => {
    const { source, is, last } = start({
      ...hist,
      tickMs: 25,
      script: (text) => text.replace('"out "*)', MORE.trim()).replace("tick*) figure tick-done", "tick*) : "),
    });
    await is("the window", ({ began }) => began);
    for (const text of SUMS.slice(1)) source.send(`h ${text}`);
    await is("the doubt", ({ snapshot }) => !snapshot.exact);
    await is("still in doubt", ({ snapshot }) => snapshot.loss.damagedInput.length === 1);
    for (const text of [...SUMS.slice(0, -1), "tick-done full"]) source.send(`h ${text}`);
    await is("the whole reading", ({ snapshot }) => snapshot.exact);
    expect(last().snapshot.totals).toMatchObject({ allocs: 3, netBytes: 192 });
  });
});

describe("what the workload's runner hears", () => {
  it("is every line of the agent, in order, and what it says of phases divides the account", async () => {
    const types: string[] = [];
    const { source, is, updates } = start(
      {},
      {
        workload: {
          hear: ({ type, text }) => {
            types.push(type);
            if (type === "phase-begin") return { kind: "begin", name: text, command: "x", round: 1 };
            return type === "phase-end" ? { kind: "end", status: 0 } : undefined;
          },
        },
      },
    );
    await is("the window", ({ began }) => began);
    const other = head() + alloc({ ptr: "00000000deadbeef" });
    for (const text of [
      `out ${CACHE_ALLOC_LINE}`,
      "say phase-begin load",
      `out ${ALLOC_LINE}`,
      "say phase-end load",
      `out ${other}`,
    ])
      source.send(text);
    await is("all", allocs(3));
    source.stop();
    await until("the end", () => updates.ended);
    expect(types.filter((type) => type !== "told")).toEqual([
      "session",
      "armed",
      "begin",
      "phase-begin",
      "phase-end",
      "last",
      "end",
      "bye",
    ]);
    const workload = updates.values.at(-1)?.workload?.("system", { interrupted: false, addresses: false });
    expect(workload?.phases).toMatchObject([{ name: "load", allocs: 1, totalBytes: 4096, interrupted: false }]);
  });
});
