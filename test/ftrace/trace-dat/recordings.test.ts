/**
 * Files that trace-cmd 3.1.6 recorded on a kernel 6.18 (scripts/dat-fixture.sh), against what its own `trace-cmd report` says of them. Their kallsyms
 * hold only the symbols of some call sites: names of others are those of the symbol before, in both.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { accountRecording } from "../../../src/capture/account-recording.ts";
import { LineClass } from "../../../src/model/line-tally.ts";
import { readDat } from "../../support/read-dat.ts";

const FIXTURES = fileURLToPath(new URL("../../../fixtures/trace-dat-6.18-amd64/", import.meta.url));
const read = (name: string) => zlib.gunzipSync(readFileSync(`${FIXTURES}${name}.gz`));

/** trace-cmd's lines as the kernel prints them: without the instance and `(call site)`, with the length of the function. */
function asTheKernelPrints(report: string): Buffer {
  const lines = report
    .split("\n")
    .filter((line) => !line.startsWith("cpus="))
    .map((line) =>
      line
        .replace(/^datfix: /, "")
        .replace(/(: \w+: +)\(\S+\) call_site=(\S+)/, "$1call_site=$2/0xffffff")
        .replace(/: (\w+): +/, ": $1: ")
        .replace(/ ptr=\(nil\)/, " ptr=0000000000000000")
        .replace(/ ptr=0x/, " ptr="),
    );
  return Buffer.from(lines.join("\n"));
}

const input = (label: string, ...chunks: readonly Uint8Array[]) => ({
  label,
  chunks: (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  })(),
});

/** Packed with zstd, as trace-cmd does where nobody asks for anything else: for a node that can unpack it. */
const NAMES = "zstdDecompressSync" in zlib ? ["v6", "v7", "zstd"] : ["v6", "v7"];

describe.each(NAMES)("%s", (name) => {
  it("has the account of trace-cmd's own text, for each call site", async () => {
    const text = await accountRecording([input("text", asTheKernelPrints(read(`${name}.txt`).toString()))], "all");
    const dat = await accountRecording([input("dat", read(`${name}.dat`))], "all");
    // trace-cmd does not print how long a function is.
    const rows = ({ snapshot }: typeof dat) =>
      new Map(snapshot.callers.map((row) => [row.caller, { ...row, callSite: row.caller }]));
    expect(rows(dat)).toEqual(rows(text));
    expect(dat.snapshot.totals).toEqual(text.snapshot.totals);
    expect(dat.snapshot.input.ignored["nullFree"].lines).toBe(text.snapshot.input.ignored["nullFree"].lines);
    expect(dat.snapshot.loss.unmatchedFrees).toBe(text.snapshot.loss.unmatchedFrees);
    expect(dat.snapshot.exact).toBe(true);
    if (name === "zstd") return; // It has frees only.
    expect(dat.snapshot.totals.allocs).toBeGreaterThan(200);
    expect(dat.snapshot.callers[0].callSite).toMatch(/^\w[\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+/);
  });

  it("has the tasks of trace-cmd's own text, by pid and name", async () => {
    const tasksOf = async (label: string, bytes: Uint8Array) =>
      (await accountRecording([input(label, bytes)], "all", { tasks: true })).snapshot.tasks?.tasks ?? [];
    const dat = await tasksOf("dat", read(`${name}.dat`));
    const text = await tasksOf("text", asTheKernelPrints(read(`${name}.txt`).toString()));
    const rows = (tasks: typeof dat) =>
      tasks.map(({ comm, pid, allocs, netBytes, totalBytes }) => ({ comm, pid, allocs, netBytes, totalBytes }));
    expect(rows(dat)).toEqual(rows(text));
    if (name !== "zstd")
      expect(dat.filter(({ pid, comm }) => pid !== null && comm !== "<...>").length).toBeGreaterThan(0);
  });

  it("has every event of the text, in its order", async () => {
    const { events, tally, damage, losses } = await readDat(read(`${name}.dat`));
    const kinds: Record<string, string> = { kmalloc: "a", kmem_cache_alloc: "c", kfree: "f", kmem_cache_free: "F" };
    const lines = read(`${name}.txt`).toString().split("\n");
    const expected = lines.flatMap((line) => {
      const found = /\[(\d+)\] +([\d.]+): (\w+): .* ptr=0x([0-9a-f]+)/.exec(line);
      return found === null ? [] : [`${kinds[found[3]]} ${found[4]} cpu${Number(found[1])} ${found[2]}`];
    });
    const seconds = (ns: number) => (Math.round(ns / 1000) / 1e6).toFixed(6);
    const seen = events.map((event) => event.split(" "));
    expect(seen.map((words) => [...words.slice(0, 2), words.at(-2), seconds(Number(words.at(-1)))].join(" "))).toEqual(
      expected,
    );
    expect({ damage, losses, rejected: tally.rejectedLines }).toEqual({ damage: [], losses: [], rejected: 0 });
    expect(tally.lines[LineClass.traceHeader]).toBe(1);
  });

  it("is read up to where it was cut off", { timeout: 240_000 }, async () => {
    const whole = read(`${name}.dat`);
    const { events } = await readDat(whole);
    for (let length = whole.length - 1; length > 0; length -= 2999) {
      const cut = await readDat(whole.subarray(0, length));
      // Behind the events stand names of sections, which nobody needs.
      if (cut.damage.length === 0) expect(cut.events.length, `at ${length}`).toBe(events.length);
      else expect(cut.events.length).toBeLessThanOrEqual(events.length);
    }
  });
});

it("says what the kernel lost, where no sub-buffer was read to tell", async () => {
  const { events, losses, damage } = await readDat(read("lost.dat"));
  expect({ events, damage }).toEqual({ events: [], damage: [] });
  expect(losses).toEqual([{ cpu: 1, events: 1175, timeNs: 0 }]);
});

it.skipIf("zstdDecompressSync" in zlib)("packed with zstd is refused, with what to do", async () => {
  await expect(accountRecording([input("z.dat", read("zstd.dat"))], "all")).rejects.toMatchObject({
    code: "input/not-a-trace",
    nextStep: "unpack it first: trace-cmd convert --compression none -i z.dat -o unpacked.dat",
  });
});
