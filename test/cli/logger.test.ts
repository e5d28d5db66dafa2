/** What a command says without being asked to say more: a capture that ends by itself, and one that goes on. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";

beforeAll(ensureBuilt, 120_000);

const BOOT = fileURLToPath(new URL("../../fixtures/6.1-amd64-demo/trace.txt.gz", import.meta.url));
const TARGET = `replay://${BOOT}?speed=0`;

const config = (text: string): string => {
  const file = join(tempDir(), "kmemtap.yaml");
  writeFileSync(file, text);
  return file;
};

it.each([["snapshot"], ["top", "--once", "--rows", "1"]])(
  "%s says nothing of how it goes",
  async (command, ...more) => {
    const { status, stderr } = await kmemtap([command, TARGET, ...more]);
    expect(status).toBe(0);
    expect(stderr).not.toMatch(/INFO|watching|the stream is over/);
  },
);

it("says more with -v, and as the configuration has it", async () => {
  const INFO = /^\[[\d:.]+\] INFO: watching /m;
  expect((await kmemtap(["snapshot", TARGET, "-v"])).stderr).toMatch(INFO);
  expect((await kmemtap(["snapshot", TARGET, "--config", config("logLevel: info\n")])).stderr).toMatch(INFO);
});

it("drops nothing that is said beside the log where both are JSON", async () => {
  const { stderr } = await kmemtap(["snapshot", TARGET, "--config", config("logFormat: json\n")]);
  const entries = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: number; msg: string });
  expect(entries.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/^besides: 669 implied frees/));
  expect(entries.map(({ msg }) => msg).join()).not.toContain("watching");
});
