/** How the agent ends, in each shell there is: whatever happens, the machine is as before, or is at the next start. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { fieldsOf } from "../../../src/target/agent/agent-line.ts";
import { SHELLS } from "../../support/shells.ts";
import { canTrace } from "../../support/traced.ts";
import { until } from "../../support/until.ts";
import { pidsOf } from "./agent-ear.ts";
import {
  BUFFER,
  goneWithoutTrace,
  instancesOf,
  type LocalAgent,
  note,
  perform,
  printk,
  processesOf,
  signalGroup,
  startAgent,
  stop,
  TRACING,
} from "./local-agent.ts";

describe.skipIf(!canTrace).each(SHELLS)(`the agent's end in $name${note}`, (shell) => {
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
    await until("the workload", () => processesOf(work).length >= 2);
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

  it("beside another one, which had the console's log level first", async () => {
    const before = printk();
    const [first, second] = [await armed(["console=1"]), await armed(["console=1"])];
    expect(printk().split("\t")[0]).toBe("1");
    await stop(first.agent);
    await stop(second.agent);
    await goneWithoutTrace(second.agent);
    expect(printk()).toBe(before);
  });

  it("by silence from the host, and not while the host is heard", async () => {
    const { agent } = await armed(["quiet=2", "poll=0.5"]);
    for (let i = 0; i < 40; i++) {
      agent.send(".");
      await sleep(100);
    }
    expect(agent.all("end")).toEqual([]);
    await endsWith(agent, "lost");
  });

  it("where its output is closed", async () => {
    const { agent } = await armed();
    agent.child.stdout.destroy();
    // At the host's beat it looks after its reader.
    const beat = setInterval(() => agent.send("."), 100);
    await goneWithoutTrace(agent);
    clearInterval(beat);
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
    await until("the workload", () => processesOf(Number(work)).length >= 2);
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
    it.each(SHELLS)(`is refused where there is ${what}, in $name`, async (shell) => {
      const agent = startAgent(shell, ["text"], { wrapper, ...(change === undefined ? {} : { change }) });
      await agent.ended;
      expect(agent.all("refused").map(({ text }) => text)).toEqual([code]);
      await goneWithoutTrace(agent);
    });
  }
});

type LocalAgentChange = (script: string) => string;
