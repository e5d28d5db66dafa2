/** The account of a workload again from its recording, as it was live: also where it was cut short, or bytes are missing. */
import { statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lastValueFrom } from "rxjs";
import { describe, expect, it } from "vitest";
import { AgentEar } from "../../src/capture/agent-ear.ts";
import { CaptureRecorder } from "../../src/capture/capture-recorder.ts";
import type { WorkloadListener } from "../../src/capture/live-options.ts";
import { liveSession } from "../../src/capture/live-session.ts";
import { accountCapture } from "../../src/capture/recorded-capture.ts";
import { replayCapture } from "../../src/capture/replay-capture.ts";
import { phaseHeading } from "../../src/cli/phase-heading.ts";
import { readSide } from "../../src/cli/read-side.ts";
import { formatWorkload } from "../../src/report/workload-report.ts";
import { compareSnapshots } from "../../src/report/diff/compare-snapshots.ts";
import type { PhaseChange } from "../../src/capture/workload-account.ts";
import type { Workload } from "../../src/model/workload.ts";
import { fieldsOf } from "../../src/target/agent/agent-line.ts";
import { FrameKind } from "../../src/transport/recording/frames.ts";
import { type RecordingWriter, writeRecording } from "../../src/transport/recording/write-recording.ts";
import { said } from "../support/agent-lines.ts";
import { plainSource } from "../support/agent-source.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, free, head } from "../support/trace-text.ts";

const ROUNDS = 3;
const PHASES = ["load", "unload"];

/** Rounds of two phases, of which the first leaves an object; `lost` marks are not in it. */
function traceOf(lost: readonly string[] = []): Buffer {
  let ms = 1000;
  const lines = [said("k1", "session mode=text link=local")];
  const add = (text: string) => lines.push(`${head({ clock: (ms++ / 1000).toFixed(6) })}${text}`);
  const mark = (text: string) => {
    if (!lost.includes(text)) add(`tracing_mark_write: ${said("l1", text)}`);
  };
  const ptr = (at: number) => (0x1000 * at).toString(16).padStart(16, "0");
  add(alloc({ ptr: ptr(1) }));
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [i] of PHASES.entries()) {
      const id = `${round}.${i}`;
      mark(`phase-begin name=${id}`);
      mark(`phase-pid name=${id} pid=7`);
      if (i === 0) add(alloc({ ptr: ptr(10 * round), site: "leak+0x1/0x9", req: 100, alloc: 128 }));
      if (i === 0) add(alloc({ ptr: ptr(10 * round + 1), site: "f+0x1/0x9", req: 60, alloc: 64 }));
      else add(free({ ptr: ptr(10 * round + 1) }));
      mark(`phase-end name=${id} status=${i}`);
      add(alloc({ ptr: ptr(10 * round + 5 + i), site: "between+0x1/0x9" }));
    }
  }
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

/** As WorkloadScript reads them. */
function listener(): WorkloadListener {
  const told = new Set<string>();
  return {
    hear: ({ type, text }): PhaseChange | undefined => {
      const fields = fieldsOf(text);
      const [round, phase] = (fields.get("name") ?? "").split(".").map(Number);
      const kind = type === "phase-end" ? "end" : "begin";
      if (!type.startsWith("phase-") || told.has(`${kind} ${fields.get("name")}`)) return undefined;
      told.add(`${kind} ${fields.get("name")}`);
      const which = { name: PHASES[phase], command: `do ${PHASES[phase]}`, round };
      if (kind === "begin") return { kind, ...which };
      const unseen = told.has(`begin ${fields.get("name")}`) ? {} : { unseen: which };
      return { kind, status: Number(fields.get("status")), ...unseen };
    },
  };
}

interface Recorded {
  readonly path: string;
  readonly workload: Workload;
}

interface Session {
  readonly trace?: Buffer;
  readonly chunkBytes?: number;
  readonly failure?: Error;
  /** Where not even that is recorded. */
  readonly killed?: boolean;
  /** Sees what is written. */
  readonly wrap?: (writer: RecordingWriter) => RecordingWriter;
}

async function record(session: Session = {}): Promise<Recorded> {
  const { trace = traceOf(), chunkBytes = 1 << 20, failure, killed = false, wrap } = session;
  async function* chunks() {
    for (let at = 0; at < trace.length; at += chunkBytes)
      yield await Promise.resolve(trace.subarray(at, at + chunkBytes));
    if (failure !== undefined) throw failure;
  }
  async function* runs() {
    yield await Promise.resolve({ bytes: chunks(), close: () => Promise.resolve() });
  }
  const agent = { ...plainSource({ mode: "text" }), runs: runs() };
  const path = join(tempDir(), "run.kmemtap");
  const file = await writeRecording(path);
  const writer = wrap?.(file) ?? file;
  const recorder = new CaptureRecorder(writer);
  const options = { snapshotMs: 10_000, silentAfterMs: 60_000, record: recorder, agent, workload: listener() };
  const { workload } = await lastValueFrom(liveSession(agent, options));
  if (!killed) recorder.outcome({ interrupted: failure !== undefined });
  await writer.close();
  if (workload === undefined) throw new Error("there was a workload");
  return { path, workload: workload("system", { interrupted: failure !== undefined, addresses: true }) };
}

async function again(path: string): Promise<Workload> {
  const { workload } = await accountCapture(path, { filter: "all", workload: { addresses: true } });
  if (workload === undefined) throw new Error("there is a workload");
  const { source } = workload.snapshot;
  expect(source.recording).toBe(true);
  return { ...workload, snapshot: { ...workload.snapshot, source: { ...source, recording: false } } };
}

describe("a recorded workload", () => {
  it.each([1, 37, 100, 1000, 1 << 20])("is accounted as it was live, in chunks of %s bytes", async (chunkBytes) => {
    const { path, workload } = await record({ chunkBytes });
    expect(workload.phases.map(({ name, round }) => `${name}@${round}`)).toEqual(
      [1, 2, 3].flatMap((round) => PHASES.map((name) => `${name}@${round}`)),
    );
    expect(workload).toMatchObject({
      exact: true,
      interrupted: false,
      residue: { objects: ROUNDS, bytes: 128 * ROUNDS },
    });
    expect(workload.repeat?.growing).toMatchObject([{ callSite: "leak+0x1/0x9", verdict: "leak" }]);
    expect(await again(path)).toEqual(workload);
  });

  it("is watched with its phases where the recording is played", async () => {
    const { path, workload } = await record({ chunkBytes: 100 });
    const { source, agent, phases } = await replayCapture(path, { speed: 0, say: () => undefined });
    if (agent === undefined) throw new Error("the target was armed");
    const options = { snapshotMs: 10_000, silentAfterMs: 60_000, agent, replayed: phases, phases: new AgentEar() };
    const { progress, workloadView, marks } = await lastValueFrom(liveSession(source, options));
    expect(progress).toEqual({ phases: 2 * ROUNDS, rounds: ROUNDS, running: null, over: true });
    const view = workloadView?.();
    expect(view?.phases).toEqual(workload.phases);
    expect(view?.residue).toMatchObject({ objects: workload.residue.objects, bytes: workload.residue.bytes });
    expect(view?.repeat?.growing).toMatchObject([{ callSite: "leak+0x1/0x9", verdict: "leak" }]);
    expect(marks.map(({ kind, text }) => `${kind} ${text}`).slice(0, 5)).toEqual([
      "phase-begin load",
      "phase-end load",
      "phase-begin unload",
      "phase-end unload: exit status 1",
      "phase-begin load, round 2",
    ]);
  });

  it("has over a phase's own account what the whole one changed by, as run told", async () => {
    const { path, workload } = await record();
    for (const { name, round, netBytes, allocs, frees } of workload.phases) {
      const heading = await phaseHeading(path, { phase: name, round }, { filter: "all" });
      expect(heading).toEqual([
        `allocated in phase ${name}, round ${round} of ${ROUNDS}, and alive at its end; what it freed of older objects is not deducted`,
        `change of the whole account in it: ${netBytes < 0 ? "" : "+"}${netBytes} bytes (${allocs} allocs, ${frees} frees, of older objects too)`,
      ]);
    }
    // An unload frees what the load allocated, of which the phase alone knows nothing.
    expect((await phaseHeading(path, { phase: "unload", round: 2 }, { filter: "all" }))[1]).toContain(
      "-64 bytes (0 allocs, 1 frees",
    );
  });

  it("is compared by what it left, as its JSON is", async () => {
    const { path, workload } = await record();
    const json = join(tempDir(), "run.json");
    writeFileSync(json, JSON.stringify(workload));
    const options = { filter: "all", residue: true } as const;
    const [recorded, printed] = [await readSide(path, options), await readSide(json, options)];
    expect(recorded.rounds).toBe(ROUNDS);
    expect(recorded.snapshot.totals).toMatchObject({
      netBytes: workload.residue.bytes,
      liveObjects: ROUNDS,
      allocs: 6,
    });
    // What left nothing has a row as well, what was allocated between the phases none.
    expect(recorded.snapshot.callers.map(({ callSite, netBytes, frees }) => [callSite, netBytes, frees])).toEqual([
      ["leak+0x1/0x9", 128 * ROUNDS, 0],
      ["f+0x1/0x9", 0, ROUNDS],
    ]);
    expect(printed.snapshot.callers).toEqual(recorded.snapshot.callers);
    const { growthBytes, compared } = compareSnapshots(recorded.snapshot, printed.snapshot, { rounds: [3, 3] });
    expect({ growthBytes, compared }).toEqual({ growthBytes: 0, compared: "residue" });
    await expect(readSide(`${path}@1s`, options)).rejects.toThrow("--residue with a moment");
  });

  it("is compared by phase: of each what it allocated, and had alive at its end", async () => {
    const { path } = await record();
    const options = { filter: "all" as const };
    const loaded = await readSide(`${path}@load@2`, options);
    expect(loaded.phase).toBe("load, round 2 of 3,");
    expect(loaded.snapshot.source.label).toBe(`${path}@load@2`);
    expect(loaded.snapshot.callers.map(({ callSite, netBytes }) => [callSite, netBytes])).toEqual([
      ["leak+0x1/0x9", 128],
      ["f+0x1/0x9", 64],
    ]);
    const part = { phase: "load", round: 3 };
    const both = await readSide(path, { ...options, part });
    expect([both.phase, both.snapshot.source.label]).toEqual(["load, round 3 of 3,", `${path}@load@3`]);
    expect((await readSide(`${path}#1@load`, { ...options, part })).phase).toBe("load, round 1 of 3,");
    await expect(readSide(`${path}@load`, { ...options, residue: true })).rejects.toThrow("--residue with");
  });

  it("begins and ends where the account was told, whichever mark told it", async () => {
    const trace = traceOf(["phase-begin name=1.0", "phase-end name=2.0 status=0"]);
    const { path, workload } = await record({ trace });
    expect(workload.phases[0]).toMatchObject({ name: "load", startedNs: 1.001e9 });
    expect(workload.phases[2]).toMatchObject({ name: "load", round: 2, endedNs: null });
    expect(await again(path)).toEqual(workload);
  });

  it("has a phase of which nobody saw the beginning, with its status, and does not judge its round", async () => {
    const trace = traceOf(["phase-begin name=1.1", "phase-pid name=1.1 pid=7"]);
    const { path, workload } = await record({ trace });
    expect(workload.phases).toHaveLength(2 * ROUNDS);
    const unseen = { name: "unload", round: 1, startedNs: null, status: 1, interrupted: true, allocs: 0, frees: 0 };
    expect(workload.phases[1]).toMatchObject({ ...unseen, endedNs: expect.any(Number) as number });
    expect(workload).toMatchObject({ interrupted: false, repeat: { rounds: ROUNDS - 1 } });
    expect(formatWorkload(workload)).toMatch(/1 +- .*\(its beginning was not seen\)\n/);
    expect(await again(path)).toEqual(workload);
    const { source, agent, phases } = await replayCapture(path, { speed: 0, say: () => undefined });
    if (agent === undefined) throw new Error("the target was armed");
    const options = { snapshotMs: 10_000, silentAfterMs: 60_000, agent, replayed: phases, phases: new AgentEar() };
    const { marks } = await lastValueFrom(liveSession(source, options));
    expect(marks.map(({ kind, text }) => `${kind} ${text}`).slice(1, 4)).toEqual([
      "phase-end load",
      "phase-end unload: exit status 1",
      "phase-begin load, round 2",
    ]);
  });

  it("is not exact where its link had failed", async () => {
    const { path, workload } = await record({ failure: new Error("the link is gone") });
    expect(workload).toMatchObject({ exact: false, snapshot: { loss: { damagedInput: ["the link is gone"] } } });
    expect(await again(path)).toEqual(workload);
  });

  it("of which nobody has recorded the end is interrupted", async () => {
    const { path, workload } = await record({ killed: true });
    expect(await again(path)).toEqual({ ...workload, interrupted: true });
  });

  it("that was cut has what had come", async () => {
    const { path } = await record();
    truncateSync(path, statSync(path).size - 1);
    await expect(again(path)).rejects.toMatchObject({ code: "input/empty" });
  });

  it("keeps its phases where the disk did not follow", async () => {
    let chunks = 0;
    const wrap = (writer: RecordingWriter): RecordingWriter => ({
      ...writer,
      get droppedBytes() {
        return writer.droppedBytes;
      },
      get failure() {
        return writer.failure;
      },
      close: () => writer.close(),
      add: (kind, bytes, position, needed) => {
        const isDropped = kind === FrameKind.chunk && ++chunks === 4;
        const count = Buffer.alloc(8);
        count.writeBigUInt64LE(BigInt(bytes.length));
        if (isDropped) writer.add(FrameKind.dropped, count);
        else writer.add(kind, bytes, position, needed);
      },
    });
    const { path, workload } = await record({ chunkBytes: 700, wrap });
    const read = await again(path);
    expect(read).toMatchObject({ exact: false, interrupted: false });
    const when = ({ name, round, startedNs, endedNs, status }: Workload["phases"][number]) => [
      name,
      round,
      startedNs,
      endedNs,
      status,
    ];
    expect(read.phases.map(when)).toEqual(workload.phases.map(when));
    expect(read.snapshot.totals.allocs).toBeLessThan(workload.snapshot.totals.allocs);
  });

  it("is none where no phase was recorded", async () => {
    const { path } = await record({ trace: Buffer.from(`${head()}${alloc()}\n`) });
    const { phases, workload } = await accountCapture(path, { filter: "all", workload: { addresses: false } });
    expect(phases).toEqual([]);
    expect(workload?.phases).toEqual([]);
  });
});
