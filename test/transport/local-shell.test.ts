import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { localShell } from "../../src/transport/local-shell.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { shellContract } from "./link-contract.ts";
import { take } from "./link-reading.ts";

shellContract("local", () => Promise.resolve({ shell: localShell() }));

describe("localShell", () => {
  it("runs scripts in a process group of their own", async () => {
    const shell = localShell();
    onTestFinished(() => shell.close());
    const running = await shell.start(`cut -d' ' -f5 /proc/$$/stat; echo $$`, []);
    const [group, pid] = (await take(running, 1e9)).toString().trim().split("\n");
    expect(group).toBe(pid);
    expect(Number(group)).not.toBe(process.pid);
  });

  it("ends on close what its scripts have started", async () => {
    const shell = localShell();
    const file = join(tempDir(), "pid");
    await shell.start(`sleep 600 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`, []);
    await until("the child", () => existsSync(file));
    const pid = Number(readFileSync(file, "utf8"));
    await shell.close();
    await until("its end", () => !isRunning(pid));
  });

  it("leaves alone what a command that has ended left behind", async () => {
    const shell = localShell();
    const { output } = await shell.run("sleep 600 >/dev/null 2>&1 & echo $!");
    await shell.close();
    const pid = Number(output);
    expect(isRunning(pid)).toBe(true);
    process.kill(pid);
  });

  it("runs nothing of a script that arrived in part", async () => {
    const { sendScript } = await import("../../src/transport/send-script.ts");
    const file = join(tempDir(), "touched");
    const { loader, script } = sendScript(`touch ${file}\n${": filler\n".repeat(100)}`, []);
    const child = spawn("/bin/sh", ["-c", loader], { stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(script.subarray(0, 200));
    const status = await new Promise((resolve) => child.once("exit", resolve));
    expect(status).not.toBe(0);
    expect(existsSync(file)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
