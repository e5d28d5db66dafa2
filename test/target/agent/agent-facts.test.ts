/** The agent's facts over a real shell, through a line that damages what is said. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RunningScript, Shell } from "../../../src/model/ports.ts";
import { readFacts } from "../../../src/target/agent/agent-facts.ts";
import { localShell } from "../../../src/transport/local-shell.ts";

/** This machine's shell; `damage` gets every line of the nth script that it runs. */
function damagedShell(damage: (line: string, nth: number) => string) {
  const shell = localShell();
  onTestFinished(() => shell.close());
  const asked: string[] = [];
  const damaged: Shell = {
    ...shell,
    start: async (script, args) => {
      asked.push(args.join(" "));
      const nth = asked.length;
      const running = await shell.start(script, args);
      return { ...running, exited: running.exited, bytes: damagedBytes(running, (line) => damage(line, nth)) };
    },
  };
  return { shell: damaged, asked };
}

async function* damagedBytes({ bytes }: RunningScript, damage: (line: string) => string): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk));
  const lines = Buffer.concat(chunks).toString().split("\n");
  yield Buffer.from(lines.map(damage).join("\n"));
}

const LOG = "[   12.345678] usb 1-1: new device\n";
const cut = (line: string, key: string) =>
  line.includes(`fact ${key} `) ? `${line.slice(0, 20)}${LOG}${line.slice(20)}` : line;

describe("the agent's facts", () => {
  it("are those of this machine", async () => {
    const { shell, asked } = damagedShell((line) => line);
    const facts = await readFacts(shell, 0);
    expect(asked).toHaveLength(1);
    expect(facts).toMatchObject({ release: release(), cpus: cpus().length, uid: process.getuid?.() });
    expect(facts.bootId).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
    expect(facts.memTotalKb).toBe(Number(/MemTotal: +(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]));
    expect(facts.memAvailableKb).toBeLessThan(facts.memTotalKb);
    expect(facts.eventsPerSecond).toBeUndefined();
  });

  it.skipIf(process.getuid?.() !== 0)("leave mounted what was, where debugfs is and tracefs is not", () => {
    // In a mount namespace of its own. Who looks into debugfs/tracing has the kernel mount a tracefs there that stays.
    const script = `
      umount /sys/kernel/tracing 2>/dev/null; umount -R /sys/kernel/debug 2>/dev/null
      mount -t debugfs debugfs /sys/kernel/debug || exit 9
      grep /sys/kernel/ /proc/mounts >&2
      sh -c "$(cat "$1")" kmemtap-agent facts 0
      echo after >&2; grep /sys/kernel/ /proc/mounts >&2`;
    const { stdout, stderr, status } = spawnSync(
      "unshare",
      ["-m", "sh", "-c", script, "sh", "agent/kmemtap-agent.sh"],
      {
        encoding: "utf8",
      },
    );
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stdout).toContain("fact tracefs /sys/kernel/tracing (not mounted)");
    const [before, after] = stderr.split("after\n");
    expect(after).toBe(before);
  });

  it("are asked for again where the kernel's log was printed into one", async () => {
    const { shell, asked } = damagedShell((line, nth) => (nth === 1 ? cut(line, "release") : line));
    expect((await readFacts(shell, 0)).release).toBe(release());
    expect(asked).toHaveLength(2);
  });

  it("are put together of answers that were damaged each at another place, the last line included", async () => {
    const keys = ["release", "cpus", "tools"];
    const { shell, asked } = damagedShell((line, nth) => (nth > keys.length ? line : cut(line, keys[nth - 1])));
    const facts = await readFacts(shell, 0);
    expect(asked).toHaveLength(2);
    expect(facts).toMatchObject({ release: release(), cpus: cpus().length });

    const last = damagedShell((line, nth) => (nth === 1 && line.includes("facts-done") ? line.slice(0, -4) : line));
    expect((await readFacts(last.shell, 0)).release).toBe(release());
    expect(last.asked).toHaveLength(2);
  });

  it("are asked for four times at most", async () => {
    const { shell, asked } = damagedShell((line) => cut(line, "release"));
    await expect(readFacts(shell, 0)).rejects.toMatchObject({
      code: "link/lost",
      message: expect.stringContaining("damages") as string,
    });
    expect(asked).toHaveLength(4);
  });

  it("are not asked for again where nothing of the agent's came", async () => {
    const { shell, asked } = damagedShell(() => "sh: kmemtap: not found");
    await expect(readFacts(shell, 0)).rejects.toMatchObject({
      code: "agent/refused",
      message: expect.stringContaining("not found") as string,
    });
    expect(asked).toHaveLength(1);
  });

  it.skipIf(process.getuid?.() !== 0)("count events once, and not again for another fact", async () => {
    const { shell, asked } = damagedShell((line, nth) => (nth === 1 ? cut(line, "release") : line));
    const facts = await readFacts(shell, 1);
    expect(asked.map((args) => args.slice(-1))).toEqual(["1", "0"]);
    expect(facts.eventsPerSecond).toBeGreaterThan(0);
    expect(facts.eventBytes).toBeGreaterThan(20);
    expect(["real", "hashed"]).toContain(facts.pointers);
  });
});
