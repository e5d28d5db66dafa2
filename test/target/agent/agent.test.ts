/** The agent in each shell there is, on this machine's kernel, in trace instances of its own. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { fieldsOf } from "../../../src/target/agent/agent-line.ts";
import { SHELLS } from "../../support/shells.ts";
import { canTrace } from "../../support/traced.ts";
import { until } from "../../support/until.ts";
import { eventPid, pidsOf } from "./agent-ear.ts";
import {
  BUFFER,
  goneWithoutTrace,
  instancesOf,
  note,
  perform,
  printk,
  processesOf,
  signalGroup,
  startAgent,
  stop,
  TRACING,
} from "./local-agent.ts";

describe.skipIf(!canTrace).each(SHELLS)(`the agent in $name${note}`, (shell) => {
  it("says what this machine is", async () => {
    const agent = startAgent(shell, ["facts", "measure=1"]);
    await agent.ended;
    expect(agent.damaged).toEqual([]);
    const facts = new Map(
      agent.all("fact").map(({ text }) => [text.split(" ")[0], text.split(" ").slice(1).join(" ")]),
    );
    expect(Object.fromEntries(facts)).toMatchObject({
      uid: "0",
      release: release(),
      boot_id: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      cpus: String(cpus().length),
      mem_total_kb: /MemTotal: +(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1],
      console_loglevel: printk().split("\t")[0],
      cmdline: readFileSync("/proc/cmdline", "utf8").trim(),
      kallsyms: "addresses",
      tracefs: TRACING,
      instances: "yes",
      clocks: readFileSync(`${TRACING}/trace_clock`, "utf8").trim(),
      tracer: readFileSync(`${TRACING}/current_tracer`, "utf8").trim(),
      window_s: "1",
    });
    expect(facts.get("events")).toContain("kmem_cache_free");
    expect(facts.get("tools")).toContain(" dd ");
    expect(Number(facts.get("events_per_window"))).toBeGreaterThan(0);
    expect(Number(facts.get("event_bytes"))).toBeGreaterThan(20);
    expect(agent.lines.at(-1)?.type).toBe("facts-done");
    await goneWithoutTrace(agent);
  });

  it("says once what somebody turned off, and nothing of what it turns off itself", async () => {
    const agent = startAgent(shell, ["text", BUFFER, "wait=1"]);
    await agent.heard("armed");
    const instance = `${TRACING}/instances/${instancesOf(agent)[0]}`;
    const turnedOff = () => agent.all("finding").filter(({ text }) => text.startsWith("code=turned-off"));
    agent.send(".", "on");
    await agent.heard("begin");
    agent.send(".");
    await agent.heard("stats");
    expect(turnedOff()).toEqual([]);
    writeFileSync(`${instance}/events/kmem/kfree/enable`, "0");
    agent.send(".", ".");
    await until("kfree", () => turnedOff().length > 0, 10_000);
    writeFileSync(`${instance}/tracing_on`, "0");
    agent.send(".", ".");
    await until("all of it", () => turnedOff().length > 1, 10_000);
    await stop(agent);
    expect(turnedOff().map(({ text }) => text)).toEqual([
      "code=turned-off what=kfree",
      "code=turned-off what=tracing_on",
    ]);
    await goneWithoutTrace(agent);
  });

  it("traces nothing of what it does to read symbols, and hides nobody behind them", async () => {
    const agent = startAgent(shell, ["text", BUFFER, "wait=1"]);
    const { main, poller } = Object.fromEntries(pidsOf(await agent.heard("armed")));
    const excluded = () =>
      readFileSync(`${TRACING}/instances/${instancesOf(agent)[0]}/set_event_notrace_pid`, "latin1")
        .trim()
        .split("\n");
    await until("the poller to leave itself out", () => excluded().includes(String(poller)), 10_000);
    agent.send("on");
    await agent.heard("begin");
    for (const round of [1, 2, 3]) {
      agent.send("symbols all");
      await until("the symbols", () => agent.all("symbols-done").length === round, 30_000);
    }
    expect(excluded()).toContain(String(poller));
    expect(excluded()).not.toContain(String(main));
    perform(agent, "seen", "cat /proc/self/status >/dev/null");
    const pid = Number(fieldsOf((await agent.heard("phase-pid", "seen")).text).get("pid"));
    await agent.heard("phase-end", "seen");
    await stop(agent);
    const of = (name: RegExp) => agent.events.filter((line) => name.test(line));
    expect(of(/: k\w+: call_site=\w*(?:pid_list|pid_write)/)).toEqual([]);
    expect(of(/^ *grep-/)).toEqual([]);
    expect(agent.events.some((line) => eventPid(line) === pid)).toBe(true);
    await goneWithoutTrace(agent);
  });

  it("captures, runs what it is told to, and leaves nothing behind", async () => {
    const before = printk();
    const agent = startAgent(shell, ["text", BUFFER, "poll=0.5", "wait=1", "console=1"]);
    // A sign of life may come before anybody hears it.
    agent.send(".", ".", ".");
    await agent.heard("armed");
    expect(printk().split("\t")[0]).toBe("1");
    expect(readdirSync(`${TRACING}/instances/${instancesOf(agent)[0]}/per_cpu`)).toHaveLength(cpus().length);
    agent.send("on");
    await agent.heard("begin");
    await agent.heard("stats");
    // The kernel makes it a little larger.
    expect(Number(fieldsOf((await agent.heard("stats")).text).get("kb"))).toBeGreaterThanOrEqual(16384);

    const long = `${"é".repeat(700)}${"x".repeat(700)}${"日本".repeat(300)}`;
    const liar = `@kmemtap ${agent.nonce} l99 phase-end name=one status=0 ~40`;
    const text = [
      "back\\slash \\n \\\\ \\0101 %s %d",
      "",
      `  blanks \t  `,
      "CR\rwithin",
      long,
      liar,
      `"quotes" '$HOME'`,
      "no end",
    ];
    perform(agent, "one", `cat <<'EOF' | head -c -1\n${text.join("\n")}\nEOF\nexit 3`);
    expect(fieldsOf((await agent.heard("phase-end", "one")).text).get("status")).toBe("3");
    expect((await agent.heard("output-end", "one")).text).toBe("one 3");
    expect(agent.output()).toBe(text.join("\n"));
    perform(agent, "two", "printf '\\377\\200 not a letter\\n' >&2; kill -9 $$");
    expect((await agent.heard("output-end", "two")).text).toBe("two 137");
    expect(agent.output()).toBe(`${text.join("\n")}\ufffd\ufffd not a letter\n`);
    agent.send("again");
    await until("the end, said again", () => agent.all("phase-end").length === 3);
    expect(agent.all("phase-end")[2].text).toBe("name=two status=137 late=1");
    perform(agent, "three", "");
    expect((await agent.heard("output-end", "three")).text).toBe("three 0");
    expect(agent.all("phase-begin").map((line) => line.text)).toEqual(["name=one", "name=two", "name=three"]);

    await stop(agent);
    await agent.ended;
    expect(agent.damaged).toEqual([]);
    expect(agent.lines.at(-1)?.type).toBe("bye");
    expect(agent.all("end").map((line) => line.text)).toEqual(["reason=stop"]);
    expect(agent.events.filter((line) => line.includes(": kmalloc: ")).length).toBeGreaterThan(100);
    await goneWithoutTrace(agent);
    expect(await agent.exited).toBe(0);
    expect(printk()).toBe(before);
  });

  it("leaves out what it and the host do themselves, not what interrupts do meanwhile", async () => {
    // By threads of this process: those that read files are there from the first one on.
    await readFile("/proc/self/status");
    const agent = startAgent(shell, ["text", BUFFER, "poll=0.2", `host=${process.pid}`]);
    const pids = pidsOf(await agent.heard("armed"));
    const threads = readdirSync("/proc/self/task").map(Number);
    expect(threads.length).toBeGreaterThan(4);
    await agent.heard("begin");
    perform(agent, "say", "seq 100");
    for (let i = 0; i < 20; i++) {
      agent.send(".");
      await readFile("/proc/self/status");
      await sleep(100);
    }
    await stop(agent);
    const own = new Set(["main", "reader", "poller", "pump"].map((who) => pids.get(who)));
    expect(own.size).toBe(4);
    expect([...own].filter((pid) => !(Number(pid) > 1))).toEqual([]);
    // Who reads of each of its reads never comes to rest.
    for (const thread of threads) own.add(thread);
    const kmem = agent.events.filter(isKmem);
    expect(kmem.length).toBeGreaterThan(100);
    expect(kmem.filter((line) => own.has(eventPid(line)) && !inInterrupt(line))).toEqual([]);
    await goneWithoutTrace(agent);
  });

  it("leaves itself out, but for its helpers, where the kernel has no set_event_notrace_pid", async () => {
    const change = (script: string) => script.replaceAll("set_event_notrace_pid", "set_event_no_such_file");
    const agent = startAgent(shell, ["text", BUFFER, "poll=0.2"], { change });
    const pids = pidsOf(await agent.heard("armed"));
    expect((await agent.heard("finding")).text).toBe("code=helpers-traced");
    for (let i = 0; i < 10; i++) {
      agent.send(".", "again");
      await sleep(100);
    }
    await stop(agent);
    const own = new Set(["main", "reader", "poller", "pump"].map((who) => pids.get(who)));
    expect(agent.events.length).toBeGreaterThan(100);
    expect(agent.events.filter((line) => own.has(eventPid(line)) && isKmem(line) && !inInterrupt(line))).toEqual([]);
    await goneWithoutTrace(agent);
  });

  it("follows only the workload where it is told to", async () => {
    const agent = startAgent(shell, ["text", BUFFER, "scope=process"]);
    const pids = pidsOf(await agent.heard("armed"));
    await agent.heard("begin");
    perform(agent, "one", "ls /proc >/dev/null; (true; true)");
    await agent.heard("output-end", "one");
    const work = Number(fieldsOf((await agent.heard("phase-pid", "one")).text).get("pid"));
    await stop(agent);
    const traced = new Set(agent.events.filter((line) => line.includes(": kmem_cache_alloc: ")).map(eventPid));
    expect(traced.has(work)).toBe(true);
    traced.delete(work);
    // Its children; and the agent's first process, which stands for "nobody else".
    for (const pid of traced) expect([pid > work, pid === pids.get("pid")]).toContain(true);
    expect(traced.size).toBeLessThan(6);
    await goneWithoutTrace(agent);
  });

  it.each([
    ["real", "hash=auto", false],
    ["hashed", "hash=on", true],
  ])("shows pointers %s with %s", async (_, option, hashed) => {
    const agent = startAgent(shell, ["text", BUFFER, option]);
    await agent.heard("begin");
    await until("events", () => agent.events.length > 50);
    await stop(agent);
    const pointers = agent.events.flatMap((line) => /ptr=([0-9a-f]{16})/.exec(line)?.[1] ?? []);
    const kernel = pointers.filter((pointer) => pointer.startsWith("ffff"));
    expect(pointers.length).toBeGreaterThan(20);
    expect(kernel.length > 0).toBe(!hashed);
  });

  it("enlarges its buffer as it fills, and when it is told to", async () => {
    // Of this workload alone, lest the machine's load decide.
    const agent = startAgent(shell, ["text", "buffer_kb=64", "grow_kb=1024", "poll=0.3", "scope=process"]);
    await agent.heard("begin");
    perform(agent, "load", "while :; do (: | :); done");
    const work = fieldsOf((await agent.heard("phase-pid", "load")).text).get("pid") ?? "";
    onTestFinished(() => signalGroup(Number(work), "SIGKILL"));
    const sizes = () => agent.all("stats").map(({ text }) => Number(fieldsOf(text).get("kb")));
    await until("stats of a larger buffer", () => sizes().some((kb) => kb >= 256), 20_000);
    agent.send(`term ${work}`);
    // Its mark may be among what ran over.
    for (const { text } of agent.all("grown")) expect(text).toMatch(/^from=(64 kb=256|256 kb=1024)$/);
    await until("its end", () => processesOf(Number(work)).length === 0);
    agent.send("grow 8192");
    await until("what was asked for", () => agent.all("grown").some(({ text }) => text.endsWith(" kb=8192")), 20_000);
    await stop(agent);
    expect(
      sizes()
        .slice(-cpus().length)
        .every((kb) => kb >= 8192),
    ).toBe(true);
    await goneWithoutTrace(agent);
  });

  it("says what its ring buffers say", async () => {
    const agent = startAgent(shell, ["text", BUFFER, "poll=0.1"]);
    await until("stats", () => agent.all("stats").length >= 20 * cpus().length);
    await stop(agent);
    const form =
      /^cpu=\d+ entries=\d+ overrun=\d+ commit=0 bytes=\d+ oldest=\d+\.\d{6} now=\d+\.\d{6} dropped=0 read=\d+ kb=\d+$/;
    for (let cpu = 0; cpu < cpus().length; cpu++) {
      const stats = agent.all("stats").filter(({ text }) => text.startsWith(`cpu=${cpu} `));
      expect(stats.map(({ text }) => text).filter((text) => !form.test(text))).toEqual([]);
      // Digits of two readings would not grow.
      for (const key of ["now", "read", "overrun"]) {
        const values = stats.map(({ text }) => Number(fieldsOf(text).get(key)));
        expect(values).toEqual([...values].sort((a, b) => a - b));
        if (key !== "overrun") expect(values[0]).toBeLessThan(values.at(-1) ?? 0);
      }
    }
  });

  it("says its stats beside the stream, where there is room, and does not wait for who reads them", async () => {
    const agent = startAgent(shell, ["text", BUFFER, "stats=err", "poll=0.2"]);
    await agent.heard("begin");
    await until("stats beside", () => agent.side.filter(({ type }) => type === "stats").length >= 4 * cpus().length);
    const seen = agent.side.map(({ seq }) => seq);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
    expect(agent.all("stats")).toEqual([]);
    await stop(agent);
    expect(agent.all("stats")).toHaveLength(cpus().length);
    await goneWithoutTrace(agent);
  });
});

function isKmem(line: string): boolean {
  return /: (kmalloc|kfree|kmem_cache)/.test(line);
}

/** The third flag: h, H, z, Z in hard interrupts, s in soft ones (kernel/trace/trace_output.c, trace_print_lat_fmt). */
function inInterrupt(line: string): boolean {
  return /^.{16}-\d+ +\[\d+\] ..[hHszZ]/.test(line);
}
