import { chmodSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/cli/config.ts";
import { parseTarget } from "../../src/cli/parse-target.ts";
import type { Target } from "../../src/model/target.ts";
import { tempDir } from "../support/temp-dir.ts";

const CONFIG = configSchema.parse({
  targets: { lab: "file:///tmp/serial.log", fast: "replay:///tmp/boot.gz?speed=10" },
});
const LINE = { parity: "none", dataBits: 8, stopBits: 1, flow: "none", login: {} };

const parse = (text: string, env: NodeJS.ProcessEnv = {}) => parseTarget(text, CONFIG, env);
const withTarget = (settings: unknown, env: NodeJS.ProcessEnv = {}) =>
  parseTarget("board", configSchema.parse({ targets: { board: settings } }), env);

function refusalOf(act: () => Target): { message: string; nextStep: string } {
  try {
    act();
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "cli/usage", exitCode: 2, nextStep: expect.any(String) as string });
    return thrown as { message: string; nextStep: string };
  }
  return expect.fail("it was taken");
}

describe("parseTarget", () => {
  it.each<[string, unknown]>([
    ["file:///tmp/serial.log", { kind: "file", path: "/tmp/serial.log" }],
    ["file:/tmp/serial.log", { kind: "file", path: "/tmp/serial.log" }],
    ["file:serial.log", { kind: "file", path: resolve("serial.log") }],
    ["file:///tmp/a%20b.log", { kind: "file", path: "/tmp/a b.log" }],
    ["replay:///tmp/boot.trace.gz", { kind: "replay", path: "/tmp/boot.trace.gz", speed: 1 }],
    ["replay:///tmp/boot.trace.gz?speed=10", { kind: "replay", path: "/tmp/boot.trace.gz", speed: 10 }],
    ["replay:///x?speed=0", { kind: "replay", path: "/x", speed: 0 }],
    ["replay:///x?speed=0.5", { kind: "replay", path: "/x", speed: 0.5 }],
    ["qemu:", { kind: "qemu" }],
    ["local:", { kind: "local" }],
    ["lab", { kind: "file", path: "/tmp/serial.log" }],
    ["fast", { kind: "replay", path: "/tmp/boot.gz", speed: 10 }],
    ["serial:///dev/ttyUSB0", { kind: "serial", path: "/dev/ttyUSB0", baud: 115_200, ...LINE }],
    [
      "serial:///dev/ttyS0?baud=9600&parity=even&flow=rtscts&data=7&stop=2&user=root",
      {
        kind: "serial",
        path: "/dev/ttyS0",
        baud: 9600,
        parity: "even",
        flow: "rtscts",
        dataBits: 7,
        stopBits: 2,
        login: { user: "root" },
      },
    ],
    ["pty:///dev/pts/3", { kind: "pty", path: "/dev/pts/3", ...LINE }],
    [
      "pty:///dev/pts/3?baud=115200&user=root",
      { kind: "pty", path: "/dev/pts/3", ...LINE, baud: 115_200, login: { user: "root" } },
    ],
    ["unix:///tmp/console.sock", { kind: "unix", path: "/tmp/console.sock", login: {} }],
    [
      "unix:///tmp/console.sock?user=root&baud=1500000",
      { kind: "unix", path: "/tmp/console.sock", baud: 1_500_000, login: { user: "root" } },
    ],
    ["tcp://127.0.0.1:4555", { kind: "tcp", host: "127.0.0.1", port: 4555, login: {} }],
    ["tcp://[::1]:4555?user=me", { kind: "tcp", host: "::1", port: 4555, login: { user: "me" } }],
    ["tcp:terminal-server.example:7001/", { kind: "tcp", host: "terminal-server.example", port: 7001, login: {} }],
    ["ssh://board", { kind: "ssh", host: "board" }],
    ["ssh://root@board:2222", { kind: "ssh", host: "board", port: 2222, user: "root" }],
    ["ssh://root@[fe80::1%eth0]:22", { kind: "ssh", host: "fe80::1%eth0", port: 22, user: "root" }],
    ["ssh://corp%5Cme@board", { kind: "ssh", host: "board", user: "corp\\me" }],
    [
      "ssh://board?identity=/k/a+b&accept-new=1&config=~/ssh.conf",
      {
        kind: "ssh",
        host: "board",
        identity: "/k/a+b",
        acceptNew: true,
        configFile: join(homedir(), "ssh.conf"),
      },
    ],
    ["ssh://board?accept-new=0", { kind: "ssh", host: "board", acceptNew: false }],
  ])("%s", (text, target) => {
    expect(parse(text)).toEqual(target);
  });

  it.each([
    "/tmp/serial.log",
    "",
    "toString",
    "nolab",
    "file:",
    "replay:",
    "http://127.0.0.1/",
    "replay:///x?speed=fast",
    "replay:///x?speed=-1",
    "replay:///x?speed=Infinity",
    "file:///tmp/50%.log",
    "serial:",
    "unix:",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1:65536",
    "tcp://::1:4555",
    "tcp://root@127.0.0.1:1",
    "ssh://",
    "ssh://@board",
    "ssh://-oProxyCommand=reboot",
    "ssh://board/path",
    "ssh://board:22:22",
    "local:x",
    "local:?user=root",
  ])("refuses `%s` with a next step", (text) => {
    refusalOf(() => parse(text));
  });

  it.each([
    ["serial:///dev/ttyS0?speed=9600", "no option speed", "baud, parity, flow, data, stop, user"],
    ["serial:///dev/ttyS0?baud=fast", "baud is not a baud rate", "115200"],
    ["serial:///dev/ttyS0?baud=0", "baud is not a baud rate", "115200"],
    ["serial:///dev/ttyS0?parity=mark", "parity cannot be mark", "parity=none or parity=even or parity=odd"],
    ["serial:///dev/ttyS0?data=9", "data cannot be 9", "data=8 or data=7"],
    ["serial:///dev/ttyS0?stop=1&stop=2", "stop is given twice", "once"],
    ["serial:///dev/ttyS0?user=", "user has no value", "user=VALUE"],
    ["pty:///dev/pts/3?parity=even", "no option parity", "it takes baud, user"],
    ["ssh://board?key=x", "no option key", "identity, accept-new, config"],
    ["ssh://board?accept-new=yes", "accept-new cannot be yes", "accept-new=0 or accept-new=1"],
    ["tcp://root@127.0.0.1:4555", "user is an option", "?user=root"],
  ])("names what is wrong with `%s`", (text, message, nextStep) => {
    const refusal = refusalOf(() => parse(text));
    expect(refusal.message).toContain(message);
    expect(refusal.nextStep).toContain(nextStep);
  });

  it("shows how a path is written as a URL", () => {
    expect(refusalOf(() => parse("/tmp/serial.log")).nextStep).toBe(
      "for a file that is being written: file:///tmp/serial.log; for a recording: replay:///tmp/serial.log",
    );
  });
});

describe("a password", () => {
  it.each([
    "ssh://root:hunter2@board",
    "ssh://root:hun@ter2@board",
    "ssh://root:hunter2@board?key=x",
    "tcp://root:hunter2@127.0.0.1:1",
    "serial:///dev/ttyS0?password=hunter2",
    "ssh://board?passphrase=hunter2",
    "http://root:hunter2@board",
  ])("in the URL %s is refused, and not repeated", (text) => {
    const { message, nextStep } = refusalOf(() => parse(text));
    expect(message + nextStep).not.toMatch(/hunter2|ter2/);
  });

  it("in the URL is refused with the ways to give it", () => {
    expect(refusalOf(() => parse("ssh://root:hunter2@board")).nextStep).toMatch(
      /configuration or \$KMEMTAP_PASSWORD, or wait for the prompt/,
    );
  });

  it("is taken from the environment", () => {
    const env = { KMEMTAP_PASSWORD: "hunter2" };
    expect(parse("ssh://board", env)).toEqual({ kind: "ssh", host: "board", password: "hunter2" });
    expect(parse("pty:///dev/pts/3?user=me", env)).toMatchObject({ login: { user: "me", password: "hunter2" } });
    expect(parse("local:", env)).toEqual({ kind: "local" });
  });

  it("of the configuration goes before that, and may be in a file", () => {
    const env = { KMEMTAP_PASSWORD: "other" };
    const file = join(tempDir(), "password");
    writeFileSync(file, "hunter2\n");
    chmodSync(file, 0o600);
    for (const secret of [{ password: "hunter2" }, { passwordFile: file }])
      expect(withTarget({ url: "unix:/tmp/x", user: "root", ...secret }, env)).toEqual({
        kind: "unix",
        path: "/tmp/x",
        login: { user: "root", password: "hunter2" },
      });
    expect(() => withTarget({ url: "ssh://board", passwordFile: `${file}.none` })).toThrow(
      expect.objectContaining({ code: "config/invalid", exitCode: 2 }) as Error,
    );
  });
});

describe("a target of the configuration", () => {
  it("may have more than a URL, which the URL's own options outdo", () => {
    const settings = { url: "ssh://me@board?identity=/k/url", user: "root", identity: "/k/conf", acceptNew: true };
    expect(withTarget(settings)).toEqual({
      kind: "ssh",
      host: "board",
      user: "me",
      identity: "/k/url",
      acceptNew: true,
    });
    expect(withTarget({ url: "ssh://board", user: "root", sshConfig: "/c" })).toEqual({
      kind: "ssh",
      host: "board",
      user: "root",
      configFile: "/c",
    });
  });

  it("is refused what its kind has no use for", () => {
    const serial = refusalOf(() => withTarget({ url: "serial:/dev/ttyS0", identity: "/k" }));
    expect(serial.message).toBe("target board: serial: has no identity");
    expect(serial.nextStep).toBe("it takes url, user, password, passwordFile, mode, onOverrun, kernel");
    expect(refusalOf(() => withTarget({ url: "file:/x", user: "root" })).nextStep).toBe("it takes url, kernel");
  });

  it("that is no URL is named", () => {
    expect(refusalOf(() => withTarget("/tmp/x")).message).toBe("target board: /tmp/x is no URL");
  });
});
