/** `--record` where the disk does not take it: what was captured is printed, and the status says that the recording lacks some. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { ensureBuilt, kmemtap, MAIN } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";

beforeAll(ensureBuilt, 120_000);

const BOOT = fileURLToPath(new URL("../../fixtures/6.1-amd64-demo/trace.txt.gz", import.meta.url));
const TARGET = `replay://${BOOT}?speed=0`;
const ROOM = 64 * 1024;

/** With files of 64 KiB at most, as a disk that fills: the last write is a short one, and then there is an error (setrlimit(2)). */
function onFullDisk(args: readonly string[]) {
  const script = `trap '' XFSZ; ulimit -f ${String(ROOM / 512)}; exec "$@"`;
  return spawnSync("/bin/sh", ["-c", script, "sh", process.execPath, MAIN, ...args], {
    cwd: tempDir(),
    encoding: "utf8",
  });
}

it.each([
  ["snapshot", [], /^current bytes allocated: /],
  ["top", ["--once"], /^kmemtap top /],
])("%s prints its account, and fails by its recording", async (command, more, beginning) => {
  const file = join(tempDir(), "boot.kmemtap");
  const { status, stdout, stderr } = onFullDisk([command, TARGET, ...more, "--record", file]);
  expect(stdout).toMatch(beginning);
  expect(stderr).toMatch(/^kmemtap: \S+\/boot\.kmemtap lacks [\d,]+ bytes of the capture: .*\n {2}make room, .*\n$/m);
  expect(status).toBe(3);
  expect(statSync(file).size).toBeLessThanOrEqual(ROOM);
  // What is there reads, and is not taken for all.
  expect((await kmemtap(["report", file, "--strict"])).status).not.toBe(0);
});

it("is no failure where all of it was written", async () => {
  const file = join(tempDir(), "boot.kmemtap");
  const { status, stderr } = await kmemtap(["snapshot", TARGET, "--record", file]);
  expect({ status, lacks: stderr.includes("lacks") }).toEqual({ status: 0, lacks: false });
});
