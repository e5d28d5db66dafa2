/** A session that goes on, with workloads in it: a real boot's trace with phases marked in it, against a count of the same text. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { AgentEar } from "../../src/capture/agent-ear.ts";
import { liveSession } from "../../src/capture/live-session.ts";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import { ToldPhases } from "../../src/capture/told-phases.ts";
import { workloadProgressSchema, workloadViewSchema } from "../../src/model/workload-view.ts";
import { followFile } from "../../src/transport/follow-file.ts";
import { countWorkload } from "../e2e/support/workload-count.ts";
import { collect } from "../support/collect.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/6.1-amd64-demo/trace.txt.gz");
const NONCE = "kdemo1";
const ROUNDS = 4;

/** Rounds of two phases, of five thousand events each, in the middle of a boot; a pause behind each. */
function marked(lines: readonly string[]): string[] {
  const out: string[] = [];
  let seq = 0;
  const mark = (clock: string, text: string) => {
    const body = `${NONCE} g${++seq} ${text}`;
    out.push(
      `              sh-1       [000] ..... ${clock.padStart(12)}: tracing_mark_write: @kmemtap ${body} ~${body.length}`,
    );
  };
  let clock = "0.000001";
  lines.forEach((line, i) => {
    clock = /\s(\d+\.\d{6}): /.exec(line)?.[1] ?? clock;
    const [round, at] = [Math.floor(i / 12_000), i % 12_000];
    if (round >= 1 && round <= ROUNDS) {
      if (at === 0) mark(clock, `phase-begin name=${round}.load modprobe <b>`);
      if (at === 5000) mark(clock, `phase-end name=${round}.load status=0`);
      if (at === 5500) mark(clock, `phase-begin name=${round}.use ls`);
      if (at === 10_500) mark(clock, `phase-end name=${round}.use status=${round === 2 ? 1 : 0}`);
    }
    out.push(line);
  });
  return out;
}

const latest = (values: readonly LiveUpdate[]) => values[values.length - 1];

it("accounts them phase by phase, as a count of the text does", async () => {
  const lines = gunzipSync(readFileSync(FIXTURE)).toString("latin1").split("\n");
  const text = marked(lines).join("\n");
  const path = join(tempDir(), "serial.log");
  writeFileSync(path, text, "latin1");
  const source = followFile(path, { pollMs: 2 });
  onTestFinished(() => source.close());
  // Whoever may act on it has an ear as well, in which no workload runs.
  const told = { nonce: NONCE, listener: new ToldPhases() };
  const updates = collect(liveSession(source, { snapshotMs: 50, silentAfterMs: 60_000, told, phases: new AgentEar() }));
  const bytes = Buffer.byteLength(text, "latin1");
  await until(
    "all of it",
    () => updates.values.length > 0 && latest(updates.values).snapshot.input.bytes > bytes - 500,
    60_000,
  );

  const update = latest(updates.values);
  expect(workloadProgressSchema.parse(update.progress)).toEqual({
    phases: 2 * ROUNDS,
    rounds: ROUNDS,
    running: null,
    over: false,
  });
  const view = workloadViewSchema.parse(update.workloadView?.());
  // It is composed once an update, however many ask.
  expect(update.workloadView?.()).toBe(update.workloadView?.());
  const truth = countWorkload(text, (callSite) => callSite);
  expect(view.phases.map(({ name, round, allocs }) => [name, round, allocs])).toEqual(
    view.phases.map(({ name, round }) => [name, round, truth.allocs.get(`${round}.${name}`)]),
  );
  expect(view.phases).toHaveLength(2 * ROUNDS);
  expect(view.phases[0]).toMatchObject({ name: "load", command: "modprobe <b>", round: 1, status: 0 });
  expect(view.phases[3]).toMatchObject({ name: "use", round: 2, status: 1 });
  const left = Object.values(truth.residue);
  expect(left.length).toBeGreaterThan(100);
  expect(view.residue).toMatchObject({
    objects: left.reduce((sum, { objects }) => sum + objects, 0),
    bytes: left.reduce((sum, one) => sum + one.bytes, 0),
    callersBeyond: left.length - view.residue.callers.length,
  });
  for (const { callSite, objects, bytes: of } of view.residue.callers)
    expect({ callSite, objects, bytes: of }).toEqual({ callSite, ...truth.residue[callSite] });
  // A boot is no round of a workload, so something grows; what, is for the verdict's own tests.
  expect(view.repeat).toMatchObject({ rounds: ROUNDS, verdict: expect.any(String) as string });
  expect(view.repeat?.perRound.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
  // Phases are marks of the timeline as well.
  expect(update.marks.filter(({ kind }) => kind === "phase-begin")).toHaveLength(2 * ROUNDS);
}, 120_000);
