import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openPty } from "../../support/console-pty.ts";
import { pathWithShell, SHELLS } from "../../support/shells.ts";
import { anyShell, openOver, openShell, outputOf, staying } from "./console.ts";

const LIMIT = { timeout: 60_000 };
/** As in a small initramfs; busybox's own shell has its applets without a PATH, and mksh needs a printf. */
const BARE = ["cat", "sleep"];

describe.each(SHELLS)("leaving a console with $name", (kind) => {
  it("puts the terminal back as it was, and stays logged in", LIMIT, async () => {
    const { stream } = await openPty(["sh", "-c", "stty -echo erase '^H'; exec sh -i"], {
      env: { PATH: pathWithShell(kind) },
    });
    const console_ = staying(stream);
    const shell = await openOver(console_.stream);
    expect((await shell.run("stty -F /dev/tty -a 2>/dev/null || stty -a </dev/tty")).output).toMatch(/-opost/);
    await shell.close();
    const settings = await console_.rest("stty -a");
    expect(settings).toMatch(/[^-]opost/);
    expect(settings).toMatch(/erase = \^H/);
    expect(settings).toMatch(/ -echo /);
  });

  it("ends the script and the command that still run", LIMIT, async () => {
    const { stream } = await openPty([...kind.words, "-i"], { env: { PATH: pathWithShell(kind) } });
    const console_ = staying(stream);
    const shell = await openOver(console_.stream);
    const script = await shell.start("trap 'echo cleaned; exit 5' INT; while :; do echo tick; sleep 0.1; done", []);
    // Once it writes, its trap is set.
    for await (const chunk of script.bytes) {
      if (chunk.length > 0) break;
    }
    await shell.close();
    expect(await script.exited).toBe(5);
    expect(await console_.rest("echo free")).toContain("free");
  });
});

describe("a target that lacks nearly everything", () => {
  it.each(SHELLS.filter((shell) => ["dash", "bash"].includes(shell.name)))(
    "is served without stty, cksum and dd ($name)",
    LIMIT,
    async (kind) => {
      const shell = await openShell(
        kind,
        { seed: 2, logPerByte: 1 / 4000 },
        { env: { PATH: pathWithShell(kind, BARE) } },
      );
      expect(await shell.run("stty; cksum; dd")).toMatchObject({ status: 127 });
      expect(await shell.run("printf 'a\\r\\nb\\n\\303\\251'; exit 6")).toEqual({ output: "a\r\nb\né", status: 6 });
      const { output } = await shell.run("i=0; while [ $i -lt 900 ]; do echo line $i; i=$((i+1)); done");
      expect(output).toBe(Array.from({ length: 900 }, (_, n) => `line ${n}\n`).join(""));
      const script = await shell.start("echo started; exit 3", []);
      expect((await outputOf(script)).replaceAll("\r", "")).toContain("started\n");
      expect(await script.exited).toBe(3);
    },
  );
});

describe("a script's stream", () => {
  it("carries megabytes, byte for byte", LIMIT, async () => {
    const shell = await openShell(anyShell());
    const script = await shell.start("head -c 20000000 /dev/zero | tr '\\0' '\\036'; echo; echo end", []);
    let bytes = 0;
    let last = Buffer.alloc(0);
    for await (const chunk of script.bytes) {
      bytes += chunk.length;
      last = Buffer.concat([last, chunk]).subarray(-8);
    }
    expect(bytes).toBe(20_000_005);
    expect(last.toString().endsWith("\x1e\nend\n")).toBe(true);
    expect(await script.exited).toBe(0);
  });

  it("keeps the console until it has ended", LIMIT, async () => {
    const shell = await openShell(anyShell());
    const script = await shell.start('read line; echo "$line"', []);
    const later = shell.run("echo later");
    await script.write(Buffer.from("now\n"));
    expect(await outputOf(script)).toBe("now\n");
    expect(await later).toEqual({ output: "later\n", status: 0 });
  });
});

describe("a link that goes away", () => {
  it("fails a command, and every one after it", LIMIT, async () => {
    const pty = await openPty([...anyShell().words, "-i"]);
    const shell = await openOver(pty.stream);
    const running = shell.run("sleep 1000");
    const failed = expect(running).rejects.toMatchObject({ code: "link/lost" });
    await sleep(200);
    pty.kill();
    await failed;
    await expect(shell.run("true")).rejects.toMatchObject({ code: "link/lost" });
  });

  it("ends a script without a status", LIMIT, async () => {
    const pty = await openPty([...anyShell().words, "-i"]);
    const shell = await openOver(pty.stream);
    const script = await shell.start("echo begun; sleep 1000", []);
    const reading = outputOf(script);
    const failed = expect(reading).rejects.toMatchObject({ code: "link/lost" });
    await sleep(200);
    pty.kill();
    await failed;
    expect(await script.exited).toBeUndefined();
  });
});
