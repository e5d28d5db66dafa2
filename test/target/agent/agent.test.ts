/** The agent in each shell there is, on this machine's kernel, in trace instances of its own. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { escapedPieces } from "../../../src/capture/workload-script.ts";
import { fieldsOf } from "../../../src/target/agent/agent-line.ts";
import { MISSING_SHELLS, SHELLS, type TestShell } from "../../support/shells.ts";
import { until } from "../../support/until.ts";
import { eventPid, pidsOf } from "./agent-ear.ts";
import {
  goneWithoutTrace,
  instancesOf,
  type LocalAgent,
  processesOf,
  signalGroup,
  startAgent,
  TRACING,
} from "./local-agent.ts";

const canTrace = process.getuid?.() === 0 && existsSync(`${TRACING}/instances`);
const note = canTrace ? "" : " (needs root and tracefs)";
const left = MISSING_SHELLS.length > 0 ? ` (not installed: ${MISSING_SHELLS.join(", ")})` : "";
const BUFFER = "buffer_kb=16384";
const printk = () => readFileSync("/proc/sys/kernel/printk", "utf8");

function perform(agent: LocalAgent, name: string, command: string): void {
  agent.send(...escapedPieces(command).map((piece) => `arg ${piece}`), `phase ${name}`);
}

async function stop(agent: LocalAgent): Promise<void> {
  agent.send("stop");
  await agent.heard("last");
  agent.send("bye");
  await agent.heard("bye");
}

describe.skipIf(!canTrace).each(SHELLS)(`the agent in $name${left}${note}`, (shell) => {
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
    expect(fieldsOf((await agent.heard("stats")).text).get("kb")).toBe("16384");

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
    expect(agent.child.exitCode).toBe(0);
    expect(printk()).toBe(before);
  });

  it("leaves out its own allocations", async () => {
    const agent = startAgent(shell, ["text", BUFFER, "poll=0.2"]);
    const pids = pidsOf(await agent.heard("armed"));
    await agent.heard("begin");
    const dd = Number(readFileSync(`/proc/${pids.get("reader")}/task/${pids.get("reader")}/children`, "latin1"));
    perform(agent, "say", "seq 100");
    for (let i = 0; i < 20; i++) {
      agent.send(".");
      await sleep(100);
    }
    await stop(agent);
    const own = new Set(["main", "reader", "poller", "pump"].map((who) => pids.get(who)).concat(dd));
    expect(own.size).toBe(5);
    expect([...own].filter((pid) => !(Number(pid) > 1))).toEqual([]);
    const kmem = agent.events.filter((line) => /: (kmalloc|kfree|kmem_cache)/.test(line));
    expect(kmem.length).toBeGreaterThan(100);
    expect(kmem.filter((line) => own.has(eventPid(line)))).toEqual([]);
    await goneWithoutTrace(agent);
  });

  it("leaves out its allocations, not its frees, where the kernel has no set_event_notrace_pid", async () => {
    const change = (script: string) => script.replaceAll("set_event_notrace_pid", "set_event_no_such_file");
    const agent = startAgent(shell, ["text", BUFFER, "poll=0.2"], { change });
    const pids = pidsOf(await agent.heard("armed"));
    expect((await agent.heard("finding")).text).toBe("code=excluded-by-filter");
    for (let i = 0; i < 10; i++) {
      agent.send(".", "again");
      await sleep(100);
    }
    await stop(agent);
    const own = new Set(["main", "reader", "poller", "pump"].map((who) => pids.get(who)));
    const ownEvents = agent.events.filter((line) => own.has(eventPid(line)));
    expect(ownEvents.filter((line) => / (kmalloc|kmem_cache_alloc)/.test(line))).toEqual([]);
    expect(ownEvents.filter((line) => line.includes("free: ")).length).toBeGreaterThan(0);
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

  it("enlarges its buffer before it runs over", async () => {
    const load = spawn("sh", ["-c", "while :; do (: | :); done"], { detached: true, stdio: "ignore" });
    onTestFinished(() => signalGroup(load.pid ?? 0, "SIGKILL"));
    const agent = startAgent(shell, ["text", "buffer_kb=64", "grow_kb=8192", "poll=0.3"]);
    const grown = await agent.heard("grown");
    const kb = Number(fieldsOf(grown.text).get("kb"));
    expect(fieldsOf(grown.text).get("from")).toBe("64");
    expect(kb).toBe(256);
    const sizes = () => agent.all("stats").map(({ text }) => Number(fieldsOf(text).get("kb")));
    await until("stats of the larger buffer", () => sizes().some((size) => size >= kb), 20_000);
    agent.send("grow 4096");
    await until("what was asked for", () => agent.all("grown").some(({ text }) => text.endsWith(" kb=4096")), 20_000);
    await stop(agent);
    await goneWithoutTrace(agent);
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

describe.skipIf(!canTrace).each(SHELLS)(`the agent's end in $name${left}${note}`, (shell) => {
  const armed = async (options: readonly string[] = [], more: Parameters<typeof startAgent>[2] = {}) => {
    const agent = startAgent(shell, ["text", BUFFER, ...options], more);
    const line = more.reads === false ? undefined : await agent.heard("begin").then(() => agent.heard("armed"));
    return { agent, pids: line === undefined ? new Map<string, number>() : pidsOf(line) };
  };
  const endsWith = async (agent: LocalAgent, reason: string) => {
    await agent.ended;
    expect(agent.all("end").map(({ text }) => text)).toEqual([`reason=${reason}`]);
    await goneWithoutTrace(agent);
  };

  it("of its input", async () => {
    const { agent } = await armed();
    agent.child.stdin.end();
    await endsWith(agent, "lost");
  });

  it.each(["SIGINT", "SIGTERM"] as const)("by %s to main", async (signal) => {
    const { agent, pids } = await armed();
    process.kill(pids.get("main") ?? 0, signal);
    await endsWith(agent, "signal");
  });

  it("by SIGHUP to main", async () => {
    const { agent, pids } = await armed();
    process.kill(pids.get("main") ?? 0, "SIGHUP");
    await endsWith(agent, "lost");
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("by %s to all, with its workload", async (signal) => {
    const { agent } = await armed(["console=1"]);
    const before = instancesOf(agent)[0].split("-p").at(-1);
    perform(agent, "long", "sleep 98765 & sleep 98765; echo never");
    await agent.heard("phase-pid", "long");
    const work = Number(fieldsOf((await agent.heard("phase-pid", "long")).text).get("pid"));
    await until("the workload", () => processesOf(work).length >= 3);
    signalGroup(agent.pid, signal);
    await endsWith(agent, signal === "SIGHUP" ? "lost" : "signal");
    await until("the workload gone", () => processesOf(work).length === 0);
    expect(printk().split("\t")[0]).toBe(before);
  });

  it("by SIGKILL to main", async () => {
    const { agent, pids } = await armed(["poll=0.2", "console=1"]);
    const before = instancesOf(agent)[0].split("-p").at(-1);
    perform(agent, "long", "sleep 98765");
    const work = Number(fieldsOf((await agent.heard("phase-pid", "long")).text).get("pid"));
    process.kill(pids.get("main") ?? 0, "SIGKILL");
    await agent.ended;
    await goneWithoutTrace(agent);
    await until("the workload gone", () => processesOf(work).length === 0);
    expect(printk().split("\t")[0]).toBe(before);
  });

  it("by SIGKILL to all, which the next one cleans up after", async () => {
    // Another agent on this machine may come first.
    for (let tries = 0; tries < 5; tries++) {
      const { agent } = await armed(["console=1"]);
      const [name] = instancesOf(agent);
      const before = name.split("-p").at(-1);
      signalGroup(agent.pid, "SIGKILL");
      await until("all killed", () => processesOf(agent.pid).length === 0);
      const isLeft = instancesOf(agent).length === 1 && printk().startsWith("1\t");
      const next = startAgent(shell, ["clean"]);
      await next.ended;
      expect(next.lines.at(-1)?.type).toBe("clean-done");
      expect(instancesOf(agent)).toEqual([]);
      expect(printk().split("\t")[0]).toBe(before);
      const found = next.all("finding").some(({ text }) => text === `code=stale-removed instance=${name}`);
      if (isLeft && found) return;
    }
    throw new Error("what was left was removed by somebody else, each time");
  });

  it("by silence from the host, and not while the host is heard", async () => {
    const { agent } = await armed(["quiet=2", "poll=0.5"]);
    for (let i = 0; i < 40; i++) {
      agent.send(".");
      await sleep(100);
    }
    expect(agent.all("end")).toEqual([]);
    await endsWith(agent, "silence");
  });

  it("where its output is closed", async () => {
    const { agent } = await armed();
    agent.child.stdout.destroy();
    await goneWithoutTrace(agent);
  });

  it.each(["mark", "err"])("where nobody reads its output, with stats to %s", async (stats) => {
    const { agent } = await armed(["quiet=2", "poll=0.2", `stats=${stats}`], { reads: false });
    await until("an instance", () => instancesOf(agent).length === 1, 20_000);
    agent.child.stdout.pause();
    const work = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); (: | :); done";
    perform(agent, "busy", work);
    await goneWithoutTrace(agent);
  });

  it("with a workload that does not heed SIGTERM", async () => {
    const { agent } = await armed();
    perform(agent, "stubborn", "trap '' TERM; echo deaf; while :; do sleep 1; done");
    const work = Number(fieldsOf((await agent.heard("phase-pid", "stubborn")).text).get("pid"));
    await agent.heard("out");
    await stop(agent);
    await goneWithoutTrace(agent);
    await until("the workload gone", () => processesOf(work).length === 0);
  });

  it("with something left running by a workload that has ended", async () => {
    const { agent } = await armed();
    perform(agent, "daemon", "sleep 54.321 & echo started");
    await agent.heard("output-end", "daemon");
    const work = Number(fieldsOf((await agent.heard("phase-pid", "daemon")).text).get("pid"));
    onTestFinished(() => signalGroup(work, "SIGKILL"));
    expect(agent.output()).toBe("started\n");
    await stop(agent);
    await goneWithoutTrace(agent);
    expect(processesOf(work)).toHaveLength(1);
  });

  it("of a phase that the host ends", async () => {
    const { agent } = await armed();
    perform(agent, "long", "sleep 98765 & sleep 98765");
    const work = fieldsOf((await agent.heard("phase-pid", "long")).text).get("pid") ?? "";
    await until("the workload", () => processesOf(Number(work)).length >= 3);
    agent.send(`term ${work}`);
    expect((await agent.heard("output-end", "long")).text).toBe("long 143");
    await until("its children gone", () => processesOf(Number(work)).length === 0);
    await stop(agent);
    await goneWithoutTrace(agent);
  });
});

describe.skipIf(!canTrace)(`the agent's place${note}`, () => {
  const unmounted = (then: string) => [
    "unshare",
    ...["--mount", "--propagation", "private", "sh", "-c"],
    `umount -a -t tracefs,debugfs; ${then}; "$@"; status=$?; grep -c -e ^tracefs -e ^debugfs /proc/mounts; exit $status`,
    "sh",
  ];

  it.each(SHELLS)("is mounted, and unmounted when it goes, in $name", async (shell) => {
    const agent = startAgent(shell, ["text", BUFFER], { wrapper: unmounted("true") });
    await agent.heard("begin");
    expect(instancesOf(agent)).toHaveLength(1);
    await stop(agent);
    await agent.ended;
    expect(agent.events.at(-1)).toBe("0");
    await goneWithoutTrace(agent);
    const facts = startAgent(shell, ["facts"], { wrapper: unmounted("true") });
    await facts.ended;
    expect(facts.all("fact").map(({ text }) => text)).toContain(`tracefs ${TRACING} (not mounted)`);
    expect(facts.events.at(-1)).toBe("0");
  });

  const refused: readonly (readonly [string, string, readonly string[], LocalAgentChange?])[] = [
    ["code=not-root uid=65534", "not root", ["setpriv", "--reuid=65534", "--clear-groups"]],
    ["code=no-tracefs", "no tracefs", unmounted("mount -t tmpfs none /sys/kernel")],
    [
      "code=no-events",
      "no kmem events",
      [],
      (script) => script.replace('EVENTS="', 'EVENTS="none #').replace(/none #[^"]*"/, 'none"'),
    ],
    ["code=no-instances", "no instances", [], (script) => script.replaceAll("$T/instances", "$T/no-instances")],
  ];
  for (const [code, what, wrapper, change] of refused) {
    it.each(SHELLS satisfies readonly TestShell[])(`is refused where there is ${what}, in $name`, async (shell) => {
      const agent = startAgent(shell, ["text"], { wrapper, ...(change === undefined ? {} : { change }) });
      await agent.ended;
      expect(agent.all("refused").map(({ text }) => text)).toEqual([code]);
      await goneWithoutTrace(agent);
    });
  }
});

type LocalAgentChange = (script: string) => string;
