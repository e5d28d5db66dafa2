/** What a viewer has done to a target: to this machine's own kernel, and to what cannot be acted on. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Mark, type ReplyMessage, type ServerMessage } from "../../src/model/wire.ts";
import type { ControlAction } from "../../src/model/wire-request.ts";
import { workloadViewSchema } from "../../src/model/workload-view.ts";
import { connect } from "../support/serving.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ALLOC_LINE } from "../support/trace-text.ts";
import { canTrace, watchArmed } from "../support/traced.ts";
import { until } from "../support/until.ts";

beforeAll(ensureBuilt, 120_000);

const live = (...args: string[]) => controlled("live", ...args);

/** The daemon, which reads this machine as it sees fit. */
function daemon() {
  const file = join(tempDir(), "kmemtap.yaml");
  writeFileSync(file, JSON.stringify({ targets: { target: "local:" }, overrun: { bufferKb: BUFFER_KB } }));
  return controlled("daemon", "--config", file);
}

async function controlled(...args: string[]) {
  const run = await startServing(args);
  onTestFinished(() => void run.stop());
  const { child, url } = run;
  const viewer = connect(url);
  await until("a snapshot", () => viewer.messages.some(({ type }) => type === "snapshot"), 60_000);
  let id = 0;
  const act = async (action: ControlAction | Record<string, unknown>) => {
    const asked = `c${++id}`;
    viewer.say({ type: "control", id: asked, target: "target", action });
    const answer = () => viewer.messages.find((message) => message.type === "reply" && message.id === asked);
    await until(`a reply to ${JSON.stringify(action)}`, () => answer() !== undefined, 60_000);
    return answer() as ReplyMessage;
  };
  return { child, viewer, act, url, said: () => run.stderr };
}

const marksOf = (messages: readonly ServerMessage[]): Mark[] =>
  messages.flatMap((message) => (message.type === "snapshot" || message.type === "changes" ? message.marks : []));
const progressOf = (messages: readonly ServerMessage[]) =>
  messages
    .flatMap((message) => (message.type === "snapshot" || message.type === "changes" ? (message.workload ?? []) : []))
    .at(-1);
const runOf = (messages: readonly ServerMessage[]): number =>
  messages.findLast((message) => message.type === "snapshot")?.snapshot.source.run ?? 0;
/** KiB a CPU; what else runs on this machine fills less before it is read, and marks of the workload are not overwritten. */
const BUFFER_KB = 16_384;

describe.skipIf(!canTrace)("a viewer of this machine's kernel", () => {
  it.each([
    ["in mode raw", () => live("local:", "--mode", "raw", "--buffer-kb", String(BUFFER_KB))],
    ["in mode text", () => live("local:", "--mode", "text", "--buffer-kb", String(BUFFER_KB))],
    ["of the daemon", daemon],
  ])("marks, runs, grows, stops and starts it %s", async (_how, start) => {
    const pids = join(tempDir(), "pids");
    writeFileSync(pids, "");
    onTestFinished(() => {
      for (const pid of readFileSync(pids, "utf8").split("\n").filter(Boolean)) process.kill(Number(pid));
    });
    const { child, viewer, act, url } = await start();
    const { armed, left } = watchArmed(child.pid);
    const state = () => viewer.lists.at(-1)?.[0]?.state;
    await until("the capture", () => state() === "running", 60_000);
    expect(viewer.lists.at(-1)?.[0]?.actions).toEqual(["mark", "stop", "start", "grow", "run"]);

    expect(await act({ kind: "mark", text: "here <b>it</b> begins" })).toMatchObject({ ok: true });
    await until("the mark", () => marksOf(viewer.messages).some(({ kind }) => kind === "user"));
    const [mark] = marksOf(viewer.messages);
    expect(mark.text).toBe("here <b>it</b> begins");
    expect(mark.timeNs).toBeGreaterThan(0);

    const phases = [
      { name: "good", command: "echo said-$((1+1)); cat /proc/self/maps >/dev/null" },
      { name: "bad", command: "exit 3" },
    ];
    const ran = await act({ kind: "run", phases });
    expect(ran).toMatchObject({ ok: true });
    expect(ran.ok && ran.result).toMatch(/^good: exit status 0; bad: exit status 3\ngood printed:\n {2}said-2$/);
    // A second one is told apart from the first.
    expect(await act({ kind: "run", phases: [{ name: "good", command: "true" }] })).toMatchObject({
      ok: true,
      result: "good: exit status 0",
    });
    await until("the marks", () => marksOf(viewer.messages).filter(({ kind }) => kind === "phase-end").length === 3);
    const shown = marksOf(viewer.messages).filter(({ kind }) => kind !== "user");
    expect(shown.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "phase-begin good",
      "phase-end good",
      "phase-begin bad",
      "phase-end bad: exit status 3",
      "phase-begin good",
      "phase-end good",
    ]);
    const times = shown.map(({ timeNs }) => timeNs);
    expect(times).toEqual([...times].sort((a, b) => a - b));

    // Rounds are accounted as `kmemtap run` accounts them; a process for an hour is what each leaves.
    const kept = { name: "keep", command: "sleep 3600 >/dev/null 2>&1 & echo $! >>" + pids };
    const rounds = await act({ kind: "run", phases: [kept, { name: "rest", command: "true" }], rounds: 3 });
    expect(rounds).toMatchObject({
      ok: true,
      result: "keep: exit status 0 in 3 rounds; rest: exit status 0 in 3 rounds",
    });
    await until("its end", () => progressOf(viewer.messages)?.over === true);
    expect(progressOf(viewer.messages)).toEqual({ phases: 6, rounds: 3, running: null, over: true });
    const view = workloadViewSchema.parse(await (await fetch(new URL("api/targets/target/workload.json", url))).json());
    expect(view.phases.map(({ name, round, status }) => `${round}.${name} ${status}`)).toEqual([
      "1.keep 0",
      "1.rest 0",
      "2.keep 0",
      "2.rest 0",
      "3.keep 0",
      "3.rest 0",
    ]);
    expect(view).toMatchObject({ scope: "system", progress: { over: true }, repeat: { rounds: 3 } });
    // dup_mm of kernel/fork.c: the memory of each process that is still there.
    const ofProcesses = view.repeat?.growing.filter(({ callSite }) =>
      /^(dup_mm|mm_alloc|copy_process|dup_task_struct)/.test(callSite),
    );
    expect(ofProcesses?.map(({ survivorsPerRound }) => Math.min(...survivorsPerRound) >= 1)).toContain(true);

    expect(await act({ kind: "grow", bufferKb: 2 * BUFFER_KB })).toMatchObject({
      ok: true,
      result: `from ${BUFFER_KB} to ${2 * BUFFER_KB} KiB a CPU`,
    });
    expect(await act({ kind: "grow", bufferKb: 16_000_000 })).toMatchObject({ ok: false, help: "ask for less" });

    expect(await act({ kind: "start" })).toMatchObject({ ok: false, help: "stop it first" });
    expect(await act({ kind: "stop" })).toMatchObject({ ok: true });
    await until("its end", () => state() === "stopped", 60_000);
    expect(armed.size).toBe(1);
    expect(left()).toEqual([]);
    for (const kind of ["stop", "grow", "run", "mark"] as const) {
      const parts = { stop: {}, grow: { bufferKb: 1024 }, run: { phases }, mark: { text: "x" } }[kind];
      expect(await act({ kind, ...parts })).toMatchObject({ ok: false, help: "start it first" });
    }

    expect(await act({ kind: "start" })).toMatchObject({ ok: true });
    await until("a second run", () => runOf(viewer.messages) === 2, 60_000);
    const began = viewer.messages.findLastIndex((message) => message.type === "snapshot");
    const ofIt = () => viewer.messages.slice(began);
    await until("events of it", () => ofIt().some((m) => m.type === "changes" && m.totals.allocs > 0), 60_000);
    const last = viewer.messages.findLast((message) => message.type === "snapshot");
    expect(last?.previousRuns.map(({ run }) => run)).toEqual([1]);
    child.kill("SIGTERM");
    const [status] = (await once(child, "close")) as [number | null];
    expect(status).toBe(0);
    expect(armed.size).toBe(2);
    expect(left()).toEqual([]);
  });
});

it.skipIf(!canTrace)(
  "a viewer of a capture that was recorded is not let wait for whom it was recorded of",
  async () => {
    const file = join(tempDir(), "kept.kmemtap");
    expect(await kmemtap(["snapshot", "local:", "--mode", "raw", "--for", "300ms", "--record", file])).toMatchObject({
      status: 0,
    });
    const { viewer, act } = await live(`replay://${file}`);
    await until("the list", () => viewer.lists.at(-1) !== undefined);
    expect(viewer.lists.at(-1)?.[0]?.actions).toEqual(["mark"]);
    const beganMs = Date.now();
    for (const action of [
      { kind: "grow", bufferKb: 1024 },
      { kind: "run", phases: [{ name: "a", command: "true" }] },
      { kind: "stop" },
    ])
      expect(await act(action)).toMatchObject({
        ok: false,
        error: expect.stringContaining("read, not armed") as string,
      });
    expect(Date.now() - beganMs).toBeLessThan(5000);
  },
);

describe("a viewer of a file", () => {
  it("may note a moment; the rest is not to be had, and the reply says what is", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\n`);
    const { viewer, act } = await live(`file://${path}`);
    await until("the list", () => viewer.lists.at(-1) !== undefined);
    expect(viewer.lists.at(-1)?.[0]?.actions).toEqual(["mark"]);
    expect(await act({ kind: "mark", text: "here" })).toMatchObject({ ok: true });
    for (const action of [
      { kind: "stop" },
      { kind: "grow", bufferKb: 64 },
      { kind: "run", phases: [{ name: "a", command: "b" }] },
    ])
      expect(await act(action)).toMatchObject({ ok: false, help: expect.stringContaining("ssh:") as string });
    expect(await act({ kind: "start" })).toMatchObject({
      ok: false,
      error: expect.stringContaining("started") as string,
    });
    const bad = [
      { kind: "rm" },
      { kind: "mark" },
      { kind: "mark", text: "x".repeat(1000) },
      { kind: "run", phases: [] },
      7,
    ];
    for (const action of bad) expect(await act(action as Record<string, unknown>)).toMatchObject({ ok: false });
    expect(viewer.closed).toBe(0);
  });

  it("may do nothing where nobody may", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, `${ALLOC_LINE}\n`);
    const { act } = await live(`file://${path}`, "--read-only");
    expect(await act({ kind: "mark", text: "here" })).toMatchObject({
      ok: false,
      error: expect.stringContaining("look") as string,
    });
  });
});
