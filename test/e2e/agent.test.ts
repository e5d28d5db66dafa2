/**
 * The agent on real kernels, in each shell a target may have, started over SSH: what it captures, that its sums are those of
 * an independent trace, and that every setting of tracefs is afterwards as it was before, file by file.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed, onTestFinished } from "vitest";
import { escapedPieces } from "../../src/capture/workload-script.ts";
import type { Shell } from "../../src/model/ports.ts";
import { fieldsOf } from "../../src/target/agent/agent-line.ts";
import { agentScript } from "../../src/target/agent/agent-script.ts";
import { newNonce } from "../../src/target/agent/nonce.ts";
import { findFetchedKernel } from "../../src/target/qemu/boot-kernel.ts";
import { withLibraries } from "../../src/target/qemu/libraries.ts";
import { bootShellGuest, type ShellGuest, type ShellGuestOptions } from "../../src/target/qemu/shell-guest.ts";
import { connectSsh } from "../../src/transport/ssh/connect-ssh.ts";
import { until } from "../support/until.ts";
import { type AgentEar, eventPid, listen, pidsOf } from "../target/agent/agent-ear.ts";
import { countHist, edgesOf, type HistFigures, histTrace } from "./support/hist-count.ts";
import { needs } from "./support/needs.ts";
import { isAlive, sshArguments, sshOutput } from "./support/plain-ssh.ts";
import { tellIfGone } from "./support/tell-if-gone.ts";
import {
  END_TRUTH_WITH,
  REMOVE_TRUTH,
  type RunInGuest,
  startTruthWith,
  stateChanges,
  takeTruth,
  TRACEFS_STATE,
} from "./support/truth.ts";
import { VFAT_PHASES, VFAT_PREPARE } from "./support/workloads.ts";

const ALL_SHELLS = ["busybox sh", "/bin/dash", "/bin/bash", "/bin/mksh"];
const TRACING = "/sys/kernel/tracing";
const AGENT = "/tmp/agent.sh";
/** Enough live objects for these windows, and sooner armed than the default. */
const KEYS = "size=32768";
/** Of a window's thousands: what its first and last microseconds may hold for one of the two instances only. */
const EDGE_EVENTS = 50;

/** An agent that runs in the guest. */
interface GuestAgent extends AgentEar {
  readonly nonce: string;
  readonly exited: Promise<number | undefined>;
  send(...lines: string[]): void;
  perform(name: string, command: string): Promise<string>;
}

class Place {
  readonly guest: ShellGuest;
  readonly run: RunInGuest;
  readonly shell: Shell;
  readonly #dir: string;
  readonly #closing: () => void;

  private constructor(guest: ShellGuest, run: RunInGuest, shell: Shell, dir: string, closing: () => void) {
    [this.guest, this.run, this.shell, this.#dir, this.#closing] = [guest, run, shell, dir, closing];
  }

  static async boot(options: ShellGuestOptions): Promise<Place> {
    const guest = await bootShellGuest({ memoryMb: 1024, ssh: true, ...options });
    const closing = tellIfGone(guest);
    const { ssh } = guest;
    if (ssh === undefined) throw new Error("the guest has no ssh");
    const dir = mkdtempSync(join(tmpdir(), "kmemtap-agent-e2e-"));
    const configFile = join(dir, "config");
    writeFileSync(
      configFile,
      `Host *\nUserKnownHostsFile ${ssh.knownHostsFile}\nIdentityFile ${ssh.identityFile}\nIdentityAgent none\n`,
    );
    const run: RunInGuest = (command) => sshOutput(ssh, command);
    await sshOutput(ssh, `cat >${AGENT}`, agentScript());
    const target = { kind: "ssh", host: "127.0.0.1", port: ssh.port, user: "root", configFile } as const;
    return new Place(guest, run, await connectSsh(target, () => Promise.resolve(undefined)), dir, closing);
  }

  async close(): Promise<void> {
    this.#closing();
    // A guest that stands still closes no connection.
    await this.guest.close();
    await this.shell.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** @param shell words that take `-c` */
  async agent(shell: string, ...args: string[]): Promise<GuestAgent> {
    const nonce = newNonce();
    const [verb, ...rest] = args;
    const words = [verb, nonce, ...rest].map((word) => `'${word}'`).join(" ");
    const script = await this.shell.start(`exec ${shell} -c "$(cat ${AGENT})" kmemtap-agent ${words}`, []);
    onTestFinished(() => script.close());
    const ear = listen(nonce, script.bytes, script.errorBytes);
    const send = (...lines: string[]) =>
      void script.write(Buffer.from(lines.map((line) => `${line}\n`).join(""))).catch(() => undefined);
    return {
      ...ear,
      nonce,
      exited: script.exited,
      send,
      perform: async (name, command) => {
        send(...escapedPieces(command).map((piece) => `arg ${piece}`), `phase ${name}`);
        return (await ear.heard("output-end", name)).text;
      },
    };
  }

  async changesSince(before: string): Promise<string[]> {
    return stateChanges(before, await this.run(TRACEFS_STATE));
  }

  /** Processes of agents that have not ended, and what they started to sleep. */
  async processes(): Promise<string> {
    return this.run(
      "for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in *kmemtap-''agent*text*|*kmemtap-''agent*hist*|'sleep 1000000 ') echo $p: $(tr '\\0' ' ' <$p/cmdline | tail -c 60); esac; done",
    );
  }
}

async function stop(agent: GuestAgent): Promise<void> {
  agent.send("stop");
  await agent.heard("last");
  agent.send("bye");
  await agent.heard("bye");
  await agent.ended;
}

/** What the agent's rows say, by call site: the last reading was a whole one. */
function histSums(agent: GuestAgent): Record<string, HistFigures> {
  const full = agent.lines.findLastIndex(({ type, text }) => type === "tick-done" && text.includes("full"));
  const begin = agent.lines.slice(0, full).findLastIndex(({ type }) => type === "tick-done") + 1;
  const names = new Map<string, string>();
  const sites: Record<string, HistFigures> = {};
  for (const { type, text } of agent.lines.slice(begin, full)) {
    const words = text.split(" ");
    if (type === "name") names.set(words[0], words.slice(2).join(" "));
    if (type !== "row") continue;
    const [map, id] = words;
    const [hits, alloc, req] = words.slice(2).map(Number);
    const zero = { allocs: 0, frees: 0, totalBytes: 0, requestedBytes: 0, netBytes: 0, netRequestedBytes: 0 };
    const site = (sites[names.get(id) ?? `?${id}`] ??= zero);
    const sign = map === "freed" ? -1 : 1;
    if (map === "freed") site.frees += hits;
    else {
      site.allocs += hits;
      site.totalBytes += alloc;
      site.requestedBytes += req;
    }
    site.netBytes += sign * alloc;
    site.netRequestedBytes += sign * req;
  }
  return sites;
}

describe.each([
  { suite: "bullseye" as const, version: "5.10", hist: false, shells: ["busybox sh", "/bin/dash"] },
  { suite: "bookworm" as const, version: "6.1", hist: true, shells: ALL_SHELLS },
  { suite: "trixie" as const, version: "6.12", hist: true, shells: ["busybox sh", "/bin/bash"] },
  { suite: "sid" as const, version: "7.", hist: true, shells: ["busybox sh", "/bin/mksh"] },
])("the agent on Linux $version", ({ suite, version, hist, shells }) => {
  const { missing, note } = needs("qemu", "busybox", "ssh", "dropbear", "bash", "dash", "mksh", `kernel:${suite}`);

  // The emulator loses a guest now and then (support/tell-if-gone.ts): a second try has a new one.
  describe.skipIf(missing)(`of ${suite}${note}`, { retry: 1 }, () => {
    let place: Place;
    let before: string;
    let hasFailed = false;

    const boot = async () => {
      const files = await Promise.all(ALL_SHELLS.slice(1).map(withLibraries));
      const kernel = findFetchedKernel(suite);
      if (kernel === undefined) throw new Error(`there is no kernel of ${suite}`);
      place = await Place.boot({
        kernel,
        files: Object.assign({}, ...files) as Record<string, string>,
        serials: [{ kind: "file", device: "port", name: "truth" }],
      });
      await place.run(VFAT_PREPARE);
      before = await place.run(TRACEFS_STATE);
    };
    beforeAll(boot);

    beforeEach(async ({ task }) => {
      onTestFailed(() => {
        hasFailed = true;
      });
      // One that is tried again has not failed yet.
      if (!hasFailed && (task.result?.retryCount ?? 0) === 0) return;
      hasFailed = false;
      const { ssh } = place.guest;
      if (ssh !== undefined && (await isAlive(ssh))) return;
      await place.close();
      await boot();
    });

    afterAll(async () => {
      await place.close();
    });

    const asBefore = async () => {
      expect(await place.changesSince(before)).toEqual([]);
      expect(await place.processes()).toBe("");
    };

    it.each(shells)("says what it is, in %s", async (shell) => {
      const agent = await place.agent(shell, "facts", "measure=1");
      await agent.ended;
      expect(agent.damaged).toEqual([]);
      const facts = new Map(
        agent.all("fact").map(({ text }) => [text.split(" ")[0], text.split(" ").slice(1).join(" ")] as const),
      );
      expect(facts.get("release")?.startsWith(version)).toBe(true);
      expect(Object.fromEntries(facts)).toMatchObject({
        uid: "0",
        machine: "x86_64",
        cpus: "2",
        tracefs: TRACING,
        instances: "yes",
        hist: hist ? "yes" : "no",
        synthetic: hist ? "yes" : "no",
        notrace_pid: "yes",
        hash_ptr: version === "5.10" ? "no" : "yes",
        kallsyms: "addresses",
        tracing_on: "1",
        events_on: "",
        stale: "0",
        pointers: version === "6.1" ? "hashed" : "real",
      });
      expect(Number(facts.get("mem_available_kb"))).toBeLessThan(Number(facts.get("mem_total_kb")));
      expect(facts.get("clocks")).toContain("global");
      expect(facts.get("tools")).toContain(" awk");
      expect(Number(facts.get("events_per_window"))).toBeGreaterThan(0);
      await asBefore();
    });

    it.each(shells)("forwards the trace, runs a workload, and puts everything back, in %s", async (shell) => {
      await place.run("mkdosfs /tmp/disk");
      const agent = await place.agent(shell, "text", "buffer_kb=8192", "poll=0.5", "wait=1", "console=1");
      const pids = pidsOf(await agent.heard("armed"));
      agent.send("on");
      await agent.heard("begin");
      expect((await place.changesSince(before)).map((line) => line.replace(/-\d+-.*/, ""))).toEqual(
        expect.arrayContaining(["+ instances/kmemtap"]),
      );
      expect(await agent.perform("load", `${VFAT_PHASES.load}; printf 'no\\n"end"'; exit 3`)).toBe("load 3");
      agent.send("symbols vfat fat");
      await agent.heard("symbols-done");
      for (const name of ["mount", "write", "umount", "unload"] as const)
        expect(await agent.perform(name, VFAT_PHASES[name])).toBe(`${name} 0`);
      expect(await agent.perform("killed", "kill -9 $$")).toBe("killed 137");
      await stop(agent);

      expect(agent.damaged).toEqual([]);
      expect(agent.output()).toBe('no\n"end"');
      expect(agent.all("end").map(({ text }) => text)).toEqual(["reason=stop"]);
      const symbols = agent.all("sym").map(({ text }) => text);
      expect(symbols.join(" ")).toMatch(/ [0-9a-f]{16}:fat_fill_super:\[fat\]/);
      const kmem = agent.events.filter((line) => /: (kmalloc|kfree|kmem_cache)/.test(line));
      expect(kmem.some((line) => /call_site=fat_fill_super\+\S+ \[fat\] /.test(line))).toBe(true);
      expect(agent.events.filter((line) => line.includes("LOST"))).toEqual([]);
      const own = new Set(["main", "reader", "poller", "pump"].map((who) => pids.get(who)));
      expect(own.size).toBe(4);
      // What interrupts did meanwhile is not theirs.
      const byTasks = kmem.filter((line) => !/\] ..[hHszZ]\S* /.test(line));
      expect(byTasks.filter((line) => own.has(eventPid(line)))).toEqual([]);
      // The reader's and the poller's.
      expect(byTasks.filter((line) => /^ *(dd|cat)-/.test(line))).toEqual([]);
      const last = agent
        .all("stats")
        .slice(-2)
        .map(({ text }) => fieldsOf(text));
      expect(last.map((fields) => fields.get("overrun"))).toEqual(["0", "0"]);
      expect(last.reduce((sum, fields) => sum + Number(fields.get("read")), 0)).toBeGreaterThan(kmem.length);
      await asBefore();
    });

    it.skipIf(!hist).each(shells)("keeps sums that are those of the same window's trace, in %s", async (shell) => {
      await place.run("mkdosfs /tmp/disk");
      const agent = await place.agent(shell, "hist", "wait=1", KEYS);
      const armed = await agent.heard("armed");
      const pids = pidsOf(armed);
      const instance = fieldsOf(armed.text).get("instance") ?? "";
      await place.run(await startTruthWith(place.run, instance, 16384));
      agent.send("on");
      await agent.heard("begin");
      for (const name of ["load", "mount", "write"] as const)
        expect(await agent.perform(name, VFAT_PHASES[name])).toBe(`${name} 0`);
      agent.send("tick");
      await agent.heard("tick-done");
      for (const name of ["umount", "unload"] as const)
        expect(await agent.perform(name, VFAT_PHASES[name])).toBe(`${name} 0`);
      expect(await agent.perform("say", "echo hello; printf 'no end'; exit 7")).toBe("say 7");
      agent.send("stop");
      await agent.heard("last");
      agent.send("tick full maps");
      await until("the sums", () => agent.all("tick-done").some(({ text }) => text.includes("full maps")), 60_000);
      agent.send("bye");
      await agent.heard("bye");
      await agent.ended;
      const truth = await takeTruth(place.run, place.guest.serials[0]);
      await place.run(`${END_TRUTH_WITH}; ${REMOVE_TRUTH}`);

      expect(agent.damaged).toEqual([]);
      expect(agent.output()).toBe("hello\nno end");
      const maps = agent.all("map").map(({ text }) => fieldsOf(text));
      expect(maps.length).toBeGreaterThan(6);
      expect(maps.filter((map) => map.get("dropped") !== "0")).toEqual([]);
      const own = new Set(["main", "pump", "poller"].map((who) => pids.get(who) ?? 0));
      const counted = histTrace(truth, own);
      expect(counted.events.length).toBeGreaterThan(5000);
      const sums = histSums(agent);
      const [first, last] = edgesOf(counted, sums, EDGE_EVENTS) ?? [0, 0];
      expect(sums).toEqual(countHist(counted, first, counted.events.length - last));
      await asBefore();
    });

    it.skipIf(!hist).each(shells)("starts no sleep beside the sums, but in dash, and says so, in %s", async (shell) => {
      // The poller looks every two seconds.
      const agent = await place.agent(shell, "hist", KEYS, "quiet=8");
      await agent.heard("begin");
      // Past its first look.
      await sleep(3000);
      const sleeps = await place.run(
        "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null | grep '^sleep 2 $' || true",
      );
      const said = agent.all("finding").map(({ text }) => text);
      await stop(agent);
      const isDash = shell.includes("dash");
      expect(sleeps).toBe(isDash ? "sleep 2 \n" : "");
      expect(said.filter((text) => text.startsWith("code=sleep-counted"))).toEqual(
        isDash ? ["code=sleep-counted pace=2"] : [],
      );
      await asBefore();
    });

    it.skipIf(!hist)("is cleaned up after by the next start, when it was killed in mode hist", async () => {
      const agent = await place.agent("busybox sh", "hist", KEYS);
      await agent.heard("begin");
      await place.run(
        `for p in /proc/[0-9]*; do case $(tr '\\0' ' ' <$p/cmdline 2>/dev/null) in *kmemtap-''agent\\ hist*) all="$all \${p#/proc/}"; esac; done; kill -9 $all || true`,
      );
      await agent.ended;
      expect(await place.run(`cat ${TRACING}/synthetic_events`)).toContain(`kmemtap_${agent.nonce}`);
      expect(await place.processes()).toMatch(/^\/proc\/\d+: sleep 1000000\n$/);
      const next = await place.agent("busybox sh", "clean");
      await next.ended;
      expect(next.all("finding").map(({ text }) => text)).toEqual([
        expect.stringMatching(new RegExp(`^code=stale-removed instance=kmemtap-\\d+-${agent.nonce}-p$`)) as string,
      ]);
      await asBefore();
    });

    it.each(hist ? ["text", "hist"] : ["text"])("restores when its main process is killed in mode %s", async (mode) => {
      const agent = await place.agent("busybox sh", mode, KEYS, "poll=0.5", "quiet=4");
      const pids = pidsOf(await agent.heard("armed"));
      await agent.heard("begin");
      await place.run(`kill -9 ${pids.get("main")}; while [ -d /proc/${pids.get("poller")} ]; do sleep 0.2; done`);
      await agent.ended;
      await asBefore();
    });

    it.each(hist ? ["text", "hist"] : ["text"])(
      "restores when nobody speaks to it any more, in mode %s",
      async (mode) => {
        const agent = await place.agent("busybox sh", mode, KEYS, "poll=0.5", "quiet=3");
        await agent.heard("begin");
        await agent.ended;
        expect(agent.all("end").map(({ text }) => text)).toEqual(["reason=lost"]);
        await asBefore();
      },
    );

    it("restores when the connection is cut", async () => {
      const { ssh } = place.guest;
      if (ssh === undefined) throw new Error("the guest has no ssh");
      const command = `exec sh -c "$(cat ${AGENT})" kmemtap-agent text cut1`;
      const client = spawn("ssh", [...sshArguments(ssh), command], { stdio: ["pipe", "pipe", "ignore"] });
      onTestFinished(() => void client.kill("SIGKILL"));
      const agent = listen("cut1", client.stdout);
      await agent.heard("begin");
      client.kill("SIGKILL");
      await agent.ended;
      await place.run(
        `tries=0; while [ -d ${TRACING}/instances/*-cut1-p ] && [ $tries -lt 300 ]; do tries=$((tries + 1)); sleep 0.1; done; sleep 1`,
      );
      await asBefore();
    });

    it("refuses what it cannot do, and says why", async () => {
      const refused = async (shell: string) => {
        const agent = await place.agent(shell, "text");
        await agent.ended;
        return agent.all("refused").map(({ text }) => text);
      };
      await place.run(
        `printf '%s\n' '#!/bin/sh' 'shift; exec su -s /bin/sh guest -c "\\"\\$0\\" \\"\\$@\\"" -- sh -c "$@"' >/tmp/as-guest; chmod 755 /tmp/as-guest; chmod 644 ${AGENT}`,
      );
      expect(await refused("/tmp/as-guest")).toEqual(["code=not-root uid=1000"]);
      if (!hist) {
        const agent = await place.agent("busybox sh", "hist");
        await agent.ended;
        expect(agent.all("refused").map(({ text }) => text)).toEqual(["code=no-hist"]);
      }
      await asBefore();
    });

    it("mounts tracefs where it is not, and unmounts it", async () => {
      const mounts = "grep -E '^(tracefs|debugfs|none) .*(trac|debug)fs ' /proc/mounts";
      await place.run(
        "umount /sys/kernel/debug/tracing 2>/dev/null; umount /sys/kernel/debug; umount /sys/kernel/tracing",
      );
      try {
        const agent = await place.agent("busybox sh", "text");
        await agent.heard("begin");
        await stop(agent);
        expect(await place.run(`${mounts} || echo none`)).toBe("none\n");
        const facts = await place.agent("busybox sh", "facts");
        await facts.ended;
        expect(facts.all("fact").map(({ text }) => text)).toContain(`tracefs ${TRACING} (not mounted)`);
        expect(await place.run(`${mounts} || echo none`)).toBe("none\n");
      } finally {
        await place.run("mount -t tracefs tracefs /sys/kernel/tracing; mount -t debugfs debugfs /sys/kernel/debug");
      }
      await asBefore();
    });
  });
});

const locked = needs("qemu", "busybox", "ssh", "dropbear", "kernel");

describe.skipIf(locked.missing)(`the agent on a kernel that is locked down${locked.note}`, () => {
  it("is refused", async () => {
    const place = await Place.boot({ append: ["lsm=lockdown", "lockdown=confidentiality"] });
    try {
      const before = await place.run("cat /proc/mounts");
      for (const verb of ["text", "hist"]) {
        const agent = await place.agent("busybox sh", verb);
        await agent.ended;
        expect(agent.all("refused").map(({ text }) => text)).toEqual(["code=lockdown"]);
      }
      const facts = await place.agent("busybox sh", "facts");
      await facts.ended;
      expect(facts.all("fact").map(({ text }) => text)).toEqual(
        expect.arrayContaining(["lockdown confidentiality", "tracefs none"]),
      );
      expect(await place.run("cat /proc/mounts")).toBe(before);
    } finally {
      await place.close();
    }
  });
});
