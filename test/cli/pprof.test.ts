/** `report --pprof` as a process: a trace with stacks, and call sites with their source, read back by `go tool pprof`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import { goMissing, goNote, readProfile } from "../support/go-pprof.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { symbolizer, TREE } from "../support/source-tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

const ROOT = new URL("../../", import.meta.url).pathname;
const STACKS = join(ROOT, "fixtures/raw-6.18-amd64-stacks/trace.txt.gz");

describe.skipIf(goMissing)(`report --pprof${goNote}`, () => {
  it("writes all stacks of a trace, as export folds them, and adds up to the account", async () => {
    const out = join(tempDir(), "s.pb.gz");
    const { status, stdout } = await kmemtap(["report", STACKS, "--pprof", out, "--json"]);
    expect(status).toBe(0);
    const { totals, stacks } = snapshotSchema.parse(JSON.parse(stdout));
    const { samples } = readProfile(readFileSync(out));
    const sums = [0, 1, 2, 3].map((i) => samples.reduce((all, { values }) => all + values[i], 0));
    expect(sums).toEqual([totals.allocs, totals.totalBytes, totals.liveObjects, totals.netBytes]);
    // Readers make one of stacks that differ in offsets alone.
    expect(samples.length).toBeGreaterThan((stacks?.distinct ?? Infinity) / 2);

    const folded = new Map<string, number>();
    for (const { frames, values } of samples) {
      const line = frames
        .map(([text]) => text.slice(0, text.lastIndexOf(" ")))
        .reverse()
        .join(";");
      folded.set(line, (folded.get(line) ?? 0) + values[3]);
    }
    const exported = (await kmemtap(["export", STACKS, "--format", "folded", "-o", "-"])).stdout.trimEnd().split("\n");
    const deep = exported.filter((line) => line.includes(";"));
    expect(deep.length).toBeGreaterThan(50);
    for (const line of deep) {
      const at = line.lastIndexOf(" ");
      expect(folded.get(line.slice(0, at)), line).toBe(Number(line.slice(at + 1)));
    }
  });

  it.skipIf(symbolizer === undefined)(
    "with -k has function, file, line and what was inlined, of callers and of frames",
    async () => {
      const trace = join(tempDir(), "boot.trace");
      const stack = [`${head({ clock: "2.206856" })}<stack trace>`, " => setup+0xd/0x20", " => same+0xd/0x20"];
      // The first stack tells that there are any: what came before it stands alone.
      const events = ["a1", "a2"].map((ptr) => head() + alloc({ site: "setup+0xd/0x20", ptr: `00000000000000${ptr}` }));
      writeFileSync(trace, [events[0], ...stack, events[1], ...stack, ""].join("\n"));
      const out = join(tempDir(), "k.pb.gz");
      expect((await kmemtap(["report", trace, "-k", TREE, "--pprof", out])).status).toBe(0);
      const profile = readProfile(readFileSync(out));
      const kmalloc = "kmalloc include/linux/slab.h:4";
      const setup = [kmalloc, "kzalloc include/linux/slab.h:7", "setup fs/one.c:3"];
      expect(profile.samples.map(({ frames }) => frames)).toEqual([[setup, [kmalloc, "same fs/same.c:3"]], [setup]]);
      expect(profile.comments).toContainEqual(expect.stringContaining("source by "));
    },
  );

  it("prints to standard output, and nothing besides", async () => {
    const { status, stderr } = await kmemtap(["report", STACKS, "--pprof", "-", "--run", "1"]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("--run") as string });
    expect((await kmemtap(["report", STACKS, "--pprof", STACKS])).stderr).toContain("is named twice");
    expect((await kmemtap(["report", "-k", TREE, "--pprof", "-"])).stderr).toContain(
      "without a trace there are no callers",
    );
  });
});
