/** socat's pty pairs stand for serial devices: the same driver interface, and they vanish on demand. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SerialTarget } from "../../src/model/target.ts";
import { openSerial } from "../../src/transport/serial-port.ts";
import { tempDir } from "../support/temp-dir.ts";
import { streamContract } from "./link-contract.ts";
import { take } from "./link-reading.ts";
import { ptyWithPeer } from "./peers.ts";

const LINE = { parity: "none", dataBits: 8, stopBits: 1, flow: "none", login: {} } as const;
const pty = (path: string): SerialTarget => ({ kind: "pty", path, ...LINE });
const serial = (path: string, more: Partial<SerialTarget> = {}): SerialTarget => ({
  kind: "serial",
  path,
  baud: 115_200,
  ...LINE,
  ...more,
});

for (const [name, targetOf] of [
  ["pty", pty],
  ["serial", serial],
] as const)
  streamContract(
    name,
    async () => {
      const { path, peer } = await ptyWithPeer();
      return { stream: await openSerial(targetOf(path)), peer, deadPeerIs: "lost" };
    },
    { largeBytes: 1_000_000, boundBytes: 4_000_000 },
  );

describe("openSerial", () => {
  it("sets the line", async () => {
    const { path } = await ptyWithPeer();
    const stream = await openSerial(serial(path, { baud: 57_600, stopBits: 2, flow: "rtscts" }));
    onTestFinished(() => stream.close());
    // A pty keeps these settings, though it has no use for them; parity and data bits it does not keep.
    const settings = execFileSync("stty", ["-F", path, "-a"], { encoding: "utf8" });
    expect(settings).toContain("speed 57600 baud");
    expect(settings).toMatch(/ cstopb/);
    expect(settings).toMatch(/ crtscts/);
    expect(settings).toMatch(/-icanon/);
    expect(settings).toMatch(/-echo /);
  });

  it("holds the line with XON and XOFF", async () => {
    const { path } = await ptyWithPeer();
    const stream = await openSerial(serial(path, { flow: "xonxoff" }));
    onTestFinished(() => stream.close());
    expect(execFileSync("stty", ["-F", path, "-a"], { encoding: "utf8" })).toMatch(/ ixon ixoff/);
  });

  it("notices a device that vanishes while data flows", async () => {
    const { path, peer } = await ptyWithPeer();
    const stream = await openSerial(pty(path));
    onTestFinished(() => stream.close());
    const flood = async () => {
      for (;;) await peer.write(Buffer.alloc(4096, "x"));
    };
    void flood().catch(() => undefined);
    const read = async () => {
      let bytes = 0;
      for await (const chunk of stream.bytes) {
        bytes += chunk.length;
        if (bytes > 1_000_000) peer.kill();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "link/lost", message: expect.stringContaining(path) as string });
  });

  it("opens a device again that has come back", async () => {
    const dir = tempDir();
    const first = await ptyWithPeer(dir);
    const stream = await openSerial(pty(first.path));
    first.peer.kill();
    await expect(take(stream, 1)).rejects.toMatchObject({ code: "link/lost" });
    execFileSync("rm", ["-f", first.path]);
    const second = await ptyWithPeer(dir);
    const again = await openSerial(pty(second.path));
    onTestFinished(() => again.close());
    await second.peer.write(Buffer.from("back"));
    expect((await take(again, 4)).toString()).toBe("back");
  });

  it("opens a device again that it has closed", async () => {
    const { path, peer } = await ptyWithPeer();
    for (const word of ["one", "two"]) {
      const stream = await openSerial(pty(path));
      await peer.write(Buffer.from(word));
      expect((await take(stream, 3)).toString()).toBe(word);
      await stream.close();
    }
  });

  it("refuses a device that is in use", async () => {
    const { path } = await ptyWithPeer();
    const stream = await openSerial(pty(path));
    onTestFinished(() => stream.close());
    await expect(openSerial(pty(path))).rejects.toMatchObject({
      code: "link/refused",
      nextStep: expect.stringContaining("fuser") as string,
    });
    expect(readlinkSync(path)).toMatch(/^\/dev\/pts\//);
  });

  it("says what is wrong with a path", async () => {
    const dir = tempDir();
    await expect(openSerial(pty(join(dir, "none")))).rejects.toMatchObject({
      code: "link/unreachable",
      message: `there is no ${join(dir, "none")}`,
      nextStep: expect.stringContaining("/dev/ttyUSB") as string,
    });
    writeFileSync(join(dir, "serial.log"), "");
    await expect(openSerial(serial(join(dir, "serial.log")))).rejects.toMatchObject({
      code: "link/unreachable",
      nextStep: expect.stringContaining("file://") as string,
    });
    mkdirSync(join(dir, "sub"));
    await expect(openSerial(serial(join(dir, "sub")))).rejects.toMatchObject({ code: "link/unreachable" });
    await expect(openSerial(serial("/dev/null"))).rejects.toMatchObject({ code: "link/unreachable" });
  });
});
