/** Parts of recordings: the same figures as those events of the whole, though most of the file is not read. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CaptureRecorder } from "../../src/capture/capture-recorder.ts";
import { accountCapture, type CaptureOptions } from "../../src/capture/recorded-capture.ts";
import { replayCapture } from "../../src/capture/replay-capture.ts";
import { liveSession } from "../../src/capture/live-session.ts";
import { RunAccount } from "../../src/capture/run-account.ts";
import { TargetState } from "../../src/capture/target-state.ts";
import { readBlockHeader } from "../../src/transport/recording/frames.ts";
import { writeRecording } from "../../src/transport/recording/write-recording.ts";
import { plainSource } from "../support/agent-source.ts";
import { formatsOf, MACHINES, PageWriter } from "../support/raw-pages.ts";
import { blob, own, pages, says, stats } from "../support/raw-stream.ts";
import { tempDir } from "../support/temp-dir.ts";
import { lastValueFrom } from "rxjs";

const EVENTS = 24_000;
const [PC] = MACHINES;

/** Events a millisecond apart, of which each second one allocates `1000 + its second` bytes. */
function* textChunks(): Generator<Buffer> {
  let text = "";
  for (let i = 0; i < EVENTS; i++) {
    const bytes = 1000 + Math.floor(i / 1000);
    const head = `           <...>-1     [000] ..... ${(i / 1000).toFixed(6)}: `;
    text +=
      i % 2 === 0
        ? `${head}kmalloc: call_site=f+0x1/0x9 ptr=${(i + 0x1000).toString(16).padStart(16, "0")} bytes_req=${bytes} bytes_alloc=${bytes} gfp_flags=GFP_KERNEL node=-1 accounted=false${" ".repeat(250)}\n`
        : `${head}kfree: call_site=g+0x1/0x9 ptr=${(i - 1 + 0x1000).toString(16).padStart(16, "0")}\n`;
    // Chunks end within lines.
    if (text.length < 40_000) continue;
    yield Buffer.from(text.slice(0, -37));
    text = text.slice(-37);
  }
  yield Buffer.from(text);
}

/** The same as sub-buffers of two CPUs in turn, an event each. */
function* rawChunks(): Generator<Buffer> {
  const { headerPage, formats } = formatsOf(PC);
  const kallsyms = "0000000000100000 T f\n0000000000200000 T g\n0000000000300000 T end\n";
  yield own("session mode=raw link=local");
  yield own(`blob name=kallsyms bytes=${kallsyms.length}`, Buffer.from(kallsyms));
  yield Buffer.concat([blob("header_page", headerPage), ...formats.map((format) => blob("format", format))]);
  const PER_ROUND = 8;
  for (let from = 0; from < EVENTS; from += PER_ROUND) {
    const now = (from + PER_ROUND - 0.5) / 1000;
    const parts = [says("helpers pids=")];
    for (const cpu of [0, 1]) parts.push(stats(cpu, { entries: PER_ROUND / 2, read: from / 2, now }));
    for (const cpu of [0, 1]) {
      const sent: Buffer[] = [];
      for (let i = from + cpu; i < from + PER_ROUND; i += 2) {
        const page = new PageWriter(PC, i * 1e6);
        const bytes = 1000 + Math.floor(i / 1000);
        if (cpu === 0) page.kmalloc(0, 0x100001n, BigInt(i + 0x1000), bytes, bytes);
        else page.kfree(0, 0x200001n, BigInt(i - 1 + 0x1000));
        sent.push(page.page());
      }
      parts.push(pages(cpu, ...sent));
    }
    parts.push(says("round"));
    const round = Buffer.concat(parts);
    yield round.subarray(0, 10_000);
    yield round.subarray(10_000);
  }
}

async function record(mode: "text" | "raw", chunks: Iterable<Buffer>): Promise<string> {
  const path = join(tempDir(), `${mode}.kmemtap`);
  const writer = await writeRecording(path);
  const recorder = new CaptureRecorder(writer);
  const agent = plainSource({ mode });
  const account = new RunAccount(1, { filter: "all", target: new TargetState(agent) });
  recorder.run("local:", agent);
  let phase = 0;
  for (const chunk of chunks) {
    account.push(chunk);
    recorder.chunk(chunk, account.position);
    // A block is packed beside this.
    await new Promise((resolve) => setImmediate(resolve));
    if (phase === 0 && (account.lastEventNs ?? 0) > 11e9) {
      phase = 1;
      recorder.phase({ kind: "begin", name: "load", command: "x", round: 1 }, 10e9);
      recorder.phase({ kind: "end", status: 0 }, 11e9);
    }
  }
  await writer.close();
  expect(writer.droppedBytes).toBe(0);
  return path;
}

const account = async (path: string, part?: CaptureOptions["part"]) =>
  (await accountCapture(path, { filter: "all", part })).snapshot;
const second = (from: number, to: number) => ({ fromNs: from * 1e9, toNs: to * 1e9, since: "first-event" as const });

describe.each([
  ["text", textChunks],
  ["raw", rawChunks],
] as const)("a recording in mode %s", (mode, chunks) => {
  it("is accounted in whole, and in part", async () => {
    const path = await record(mode, chunks());
    const whole = await account(path);
    expect(whole).toMatchObject({ mode, exact: true, totals: { allocs: EVENTS / 2, frees: EVENTS / 2 } });
    for (const from of [0, 3, 10, 23]) {
      const part = await account(path, second(from, from + 1));
      expect(part).toMatchObject({
        exact: true,
        totals: { allocs: 500, frees: 500, totalBytes: 500 * (1000 + from) },
        window: { firstEventNs: from * 1e9, lastEventNs: from * 1e9 + 999e6 },
        loss: { lostEvents: 0, unmatchedFrees: 0, rejected: 0, damagedInput: [] },
      });
      expect(part.input.bytes).toBeLessThan(whole.input.bytes * 0.6);
    }
    const { totals, loss } = await account(path, second(0.0005, 2));
    // The first event is not in it, its free is.
    expect(totals.allocs).toBe(999);
    expect(loss.unmatchedFrees).toBe(1);
    expect((await account(path, { phase: "load", round: 1 })).totals).toMatchObject({ totalBytes: 500 * 1010 });
    await expect(account(path, second(24, 25))).rejects.toThrow("--from 24 s: the trace ends at 23.999 s");
    const { traceNs } = await accountCapture(path, { filter: "all", part: second(23.9985, Infinity) });
    expect(traceNs).toBe(23_999e6);
    await expect(account(path, { phase: "load", round: 2 })).rejects.toThrow(/no phase load of round 2/);
    await expect(account(path, { phase: "x", round: 1 })).rejects.toMatchObject({
      nextStep: "it has load; NAME@ROUND names another round",
    });
  });

  it("that is damaged in its middle is exact where it is not", async () => {
    const path = await record(mode, chunks());
    const bytes = readFileSync(path);
    const blocks: number[] = [];
    for (let at = bytes.indexOf("KMTB"); at >= 0; at = bytes.indexOf("KMTB", at + 1)) blocks.push(at);
    expect(blocks.length).toBeGreaterThan(4);
    const middle = blocks[Math.floor(blocks.length / 2)];
    bytes[middle + 100] ^= 1;
    writeFileSync(path, bytes);
    const at = (readBlockHeader(bytes, middle)?.clockNs ?? 0) / 1e9;
    const whole = await account(path);
    expect(whole.exact).toBe(false);
    expect(whole.loss.damagedInput).toHaveLength(1);
    // What is torn at its edges is in no event.
    expect(whole.loss.rejected).toBe(0);
    expect(whole.totals.allocs).toBeGreaterThan(EVENTS / 4);
    expect(whole.totals.allocs).toBeLessThan(EVENTS / 2);
    expect((await account(path, second(at - 0.2, at))).exact).toBe(false);
    expect((await account(path, second(0, 2))).exact).toBe(true);
    const last = await account(path, second(22, 23));
    expect(last).toMatchObject({ exact: true, totals: { allocs: 500, frees: 500, totalBytes: 500 * 1022 } });
  });

  it("that was cut says so where that matters", async () => {
    const path = await record(mode, chunks());
    const bytes = readFileSync(path);
    const file = openSync(path, "w");
    writeSync(file, bytes, 0, bytes.lastIndexOf("KMTB") + 7);
    closeSync(file);
    expect((await account(path)).loss.damagedInput[0]).toMatch(/cut/);
    expect((await account(path, second(2, 3))).exact).toBe(true);
    expect((await account(path, second(20, 30))).exact).toBe(false);
  });

  it("is replayed to the same account", async () => {
    const path = await record(mode, chunks());
    const { source, agent } = await replayCapture(path, { speed: 0, say: () => undefined });
    const options = { snapshotMs: 200, silentAfterMs: 5000 };
    const { snapshot } = await lastValueFrom(
      liveSession(source, agent === undefined ? options : { ...options, agent }),
    );
    const { snapshot: reported } = await accountCapture(path, { filter: "all" });
    expect(snapshot).toEqual({ ...reported, source: { ...reported.source, label: source.label } });
  });
});

it("of what is no recording, or holds no run, there is no account", async () => {
  const path = join(tempDir(), "x");
  await expect(account(path)).rejects.toMatchObject({ code: "input/missing" });
  writeFileSync(path, "KMEMTAP\x01");
  await expect(account(path)).rejects.toMatchObject({ code: "input/empty" });
  const recorded = await record("text", textChunks());
  await expect(accountCapture(recorded, { filter: "all", run: 2 })).rejects.toThrow(/--run 2/);
});
