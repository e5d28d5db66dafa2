/** A workload as it comes from a target: trace text with the agent's marks in it, through the decoder. */
import { describe, expect, it } from "vitest";
import { type PhaseChange, WorkloadAccount } from "../../src/capture/workload-account.ts";
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { AgentMark } from "../../src/model/event-batch.ts";
import { type Workload, workloadSchema } from "../../src/model/workload.ts";
import { SOURCE } from "../support/account.ts";
import { bytesOf } from "../support/decode.ts";
import { alloc, free, head } from "../support/trace-text.ts";

/** Lines of a trace with its clock: every line is a millisecond after the one before. */
class Trace {
  readonly lines: string[] = [];
  #ms = 1000;

  #add(text: string): void {
    this.lines.push(`${head({ clock: (this.#ms++ / 1000).toFixed(6) })}${text}`);
  }

  alloc(site: string, ptr: number, bytes = 64): void {
    this.#add(alloc({ site, ptr: hex(ptr), req: bytes - 4, alloc: bytes }));
  }

  free(ptr: number): void {
    this.#add(free({ ptr: hex(ptr) }));
  }

  mark(text: string): void {
    this.#add(`tracing_mark_write: @kmemtap ${text}`);
  }

  phase(name: string, round: number, inside: () => void, status = 0): void {
    this.mark(`begin ${name} ${String(round)}`);
    inside();
    this.mark(`end ${String(status)}`);
  }
}

const hex = (ptr: number) => ptr.toString(16).padStart(16, "0");

/** A protocol for these tests; the agent's own is read elsewhere. */
function readMark({ text }: AgentMark): PhaseChange | undefined {
  const [, kind, what, round] = text.split(" ");
  if (kind === "begin") return { kind, name: what, command: `do ${what}`, round: Number(round) };
  return kind === "end" ? { kind, status: what === "?" ? null : Number(what) } : undefined;
}

function accountOf(
  trace: Trace,
  chunkBytes = 1 << 20,
  options: Partial<Parameters<WorkloadAccount["result"]>[0]> = {},
) {
  const callSites = new CallSiteTable();
  const decoder = new TextDecoder(callSites);
  const account = new WorkloadAccount(callSites);
  const input = bytesOf(trace.lines.map((line) => `${line}\n`).join(""));
  for (let at = 0; at < input.length; at += chunkBytes)
    account.apply(decoder.push(input.subarray(at, at + chunkBytes)), readMark);
  account.apply(decoder.end(), readMark);
  const result = () =>
    account.result({ target: "test", scope: "system", snapshot: account.snapshot({ source: SOURCE }), ...options });
  return { account, result };
}

function resultOf(
  trace: Trace,
  ...rest: [chunkBytes?: number, options?: Partial<Parameters<WorkloadAccount["result"]>[0]>]
) {
  return accountOf(trace, ...rest).result();
}

/** Load, mount and unload: mount keeps a cache, each round leaks an object of load and one maple node. */
function repeated(rounds: number): Trace {
  const trace = new Trace();
  trace.alloc("before+0x1/0x90", 0xb0);
  let cached = false;
  for (let round = 1; round <= rounds; round++) {
    const base = round * 0x1000;
    trace.phase("load", round, () => {
      trace.alloc("leaky+0x1/0x90 [leaky]", base, 128);
      trace.alloc("fine+0x1/0x90 [leaky]", base + 1);
      trace.alloc("mas_alloc_nodes+0x6f/0x110", base + 2, 256);
    });
    trace.alloc("daemon+0x1/0x90", base + 3, 512);
    trace.phase("mount", round, () => {
      if (!cached) trace.alloc("cache+0x1/0x90", base + 4, 1024);
      cached = true;
      trace.alloc("late+0x1/0x90", base + 5, 32);
      if (round > 1) trace.free(base - 0x1000 + 5);
    });
    trace.phase("unload", round, () => trace.free(base + 1));
    trace.free(base + 3);
  }
  trace.free(0xfff);
  return trace;
}

it("puts every event into its phase, however the stream is cut", () => {
  const whole = resultOf(repeated(3));
  workloadSchema.parse(whole);
  expect(
    whole.phases.map(({ name, round, allocs, frees, netBytes }) => [name, round, allocs, frees, netBytes]),
  ).toEqual([
    ["load", 1, 3, 0, 448],
    ["mount", 1, 2, 0, 1056],
    ["unload", 1, 0, 1, -64],
    ["load", 2, 3, 0, 448],
    ["mount", 2, 1, 1, 0],
    ["unload", 2, 0, 1, -64],
    ["load", 3, 3, 0, 448],
    ["mount", 3, 1, 1, 0],
    ["unload", 3, 0, 1, -64],
  ]);
  expect(whole.phases[2].callers).toEqual([
    expect.objectContaining({ caller: "fine+0x1 [leaky]", allocs: 0, frees: 1, freedBytes: 64, netBytes: -64 }),
  ]);
  for (const chunkBytes of [1, 97, 1000]) expect(resultOf(repeated(3), chunkBytes)).toEqual(whole);
});

it("takes times from the marks", () => {
  const { phases, residue } = resultOf(repeated(1));
  expect(phases.map(({ startedNs, endedNs }) => [startedNs, endedNs])).toEqual([
    [1.001e9, 1.005e9],
    [1.007e9, 1.01e9],
    [1.011e9, 1.013e9],
  ]);
  // Allocated at 1.002 s, and the last event is at 1.015 s.
  const leaky = residue.callers.find((row) => row.caller.startsWith("leaky"));
  expect(leaky?.ages?.oldestS).toBeCloseTo(0.013, 9);
});

it("counts as residue what the phases allocated, nothing from before or between", () => {
  const { residue, snapshot } = resultOf(repeated(3), 1 << 20, { addresses: 2 });
  expect(residue.callers.map(({ caller, objects, bytes, byPhase }) => [caller, objects, bytes, byPhase])).toEqual([
    ["cache+0x1", 1, 1024, { mount: 1 }],
    ["mas_alloc_nodes+0x6f", 3, 768, { load: 3 }],
    ["leaky+0x1 [leaky]", 3, 384, { load: 3 }],
    ["late+0x1", 1, 32, { mount: 1 }],
  ]);
  expect(residue).toMatchObject({ objects: 8, bytes: 2208, requestedBytes: 2208 - 8 * 4 });
  expect(residue.callers[2].addresses).toEqual(["0x1000", "0x2000"]);
  expect(residue.callers.map((row) => row.marks)).toEqual([[], ["unseen-frees"], [], []]);
  expect(snapshot.totals.netBytes).toBe(2208 + 64);
});

it("tells the leak from the cache, the late free and the unseen one", () => {
  const { repeat } = resultOf(repeated(4));
  expect(repeat).toMatchObject({ rounds: 4, verdict: "leak" });
  expect(repeat?.growing.map(({ caller, verdict, perRound }) => [caller, verdict, perRound])).toEqual([
    ["leaky+0x1 [leaky]", "leak", [128, 128, 128, 128]],
    ["mas_alloc_nodes+0x6f", "unseen-frees", [256, 256, 256, 256]],
    ["cache+0x1", "cache", [1024, 0, 0, 0]],
    ["late+0x1", "cache", [32, 0, 0, 0]],
  ]);
  expect(repeat?.perRound.map(({ netBytes, survivors }) => [netBytes, survivors])).toEqual([
    [1440, 3],
    [384, 2],
    [384, 2],
    [384, 3],
  ]);
});

describe("of a part of the trace", () => {
  const whole = resultOf(repeated(6));
  const of = (first: number, last: number, cutNs = 0) => {
    const fromNs = (whole.phases.find(({ round }) => round === first)?.startedNs ?? NaN) + cutNs;
    const toNs = whole.phases.findLast(({ round }) => round === last)?.endedNs ?? NaN;
    return resultOf(repeated(6), 1 << 20, { span: { fromNs, toNs } });
  };

  it("judges the rounds that are whole in it, and tells what is left of its phases", () => {
    const part = of(2, 5);
    expect(part.phases).toEqual(whole.phases.filter(({ round }) => round >= 2 && round <= 5));
    expect(part.repeat).toMatchObject({ rounds: 4, verdict: "leak" });
    expect(part.repeat?.perRound).toEqual(whole.repeat?.perRound.slice(1, 5));
    // Nothing of these rounds went into the cache that the first one filled, and nothing of theirs is freed late any more.
    expect(part.repeat?.growing.map(({ caller, verdict, perRound }) => [caller, verdict, perRound])).toEqual([
      ["leaky+0x1 [leaky]", "leak", [128, 128, 128, 128]],
      ["mas_alloc_nodes+0x6f", "unseen-frees", [256, 256, 256, 256]],
    ]);
    const left = part.phases.reduce((sum, { leftObjects }) => sum + leftObjects, 0);
    expect(part.residue).toMatchObject({ objects: left, bytes: 4 * (128 + 256) });
  });

  it("is the whole where it is all of it", () => {
    expect(of(1, 6)).toEqual(whole);
    expect(resultOf(repeated(6), 1 << 20, { span: { fromNs: -Infinity, toNs: Infinity } })).toEqual(whole);
  });

  it("tells a phase that it cuts whole, but does not judge its round", () => {
    const part = of(2, 5, 1e6);
    expect(part.phases).toEqual(of(2, 5).phases);
    expect(part.residue).toEqual(of(2, 5).residue);
    expect(part.repeat?.perRound.map(({ round }) => round)).toEqual([3, 4, 5]);
  });

  it("says that there is nothing to compare where no two rounds are whole, and may hold no phase", () => {
    expect(of(3, 3).repeat).toMatchObject({ rounds: 1, growing: [], verdict: "unsafe" });
    const none = resultOf(repeated(6), 1 << 20, { span: { fromNs: 0, toNs: 1 } });
    expect(none).toMatchObject({ phases: [], residue: { objects: 0 }, repeat: { rounds: 0, perRound: [] } });
    expect(workloadSchema.parse(none)).toEqual(none);
  });
});

it("charges to a round what is freed after its last phase", () => {
  const trace = new Trace();
  for (let round = 1; round <= 3; round++) {
    trace.phase("work", round, () => trace.alloc("rcu+0x1/0x90", round));
    trace.free(round);
  }
  const { repeat, phases } = resultOf(trace);
  expect(phases.map((phase) => phase.netBytes)).toEqual([64, 64, 64]);
  expect(repeat).toMatchObject({
    verdict: "clean",
    growing: [],
    perRound: [{ netBytes: 0 }, { netBytes: 0 }, { netBytes: 0 }],
  });
});

it("has no verdict on a single round", () => {
  expect(resultOf(repeated(1)).repeat).toBeNull();
});

it("calls no verdict safe when events were lost", () => {
  const trace = repeated(3);
  trace.lines.push("CPU:0 [LOST 7 EVENTS]");
  expect(resultOf(trace)).toMatchObject({ exact: false, repeat: { verdict: "unsafe" } });
});

it("prints what it has of a workload that was interrupted, and judges whole rounds only", () => {
  const trace = repeated(3);
  trace.mark("begin load 4");
  trace.alloc("leaky+0x1/0x90 [leaky]", 0x9000, 128);
  const result = resultOf(trace);
  expect(result).toMatchObject({ interrupted: true, repeat: { rounds: 3, verdict: "leak" } });
  expect(result.phases.at(-1)).toMatchObject({
    name: "load",
    round: 4,
    status: null,
    interrupted: true,
    endedNs: null,
    allocs: 1,
    leftObjects: 1,
  });
  // Between two phases of the last round, too.
  trace.mark("end 0");
  expect(resultOf(trace)).toMatchObject({ interrupted: false, repeat: { rounds: 3 } });
  expect(resultOf(trace, 1 << 20, { interrupted: true }).interrupted).toBe(true);
});

it("keeps a phase whose end was lost apart from the next", () => {
  const trace = new Trace();
  trace.mark("begin a 1");
  trace.alloc("a+0x1/0x90", 1);
  trace.mark("begin b 1");
  trace.alloc("b+0x1/0x90", 2);
  trace.mark("end ?");
  trace.mark("end 3");
  const { phases } = resultOf(trace);
  expect(phases).toMatchObject([
    { name: "a", interrupted: true, status: null, endedNs: null, allocs: 1 },
    { name: "b", interrupted: false, status: null, allocs: 1 },
  ]);
});

it("shows a running phase and its exit status when it has one, without any marks", () => {
  const account = new WorkloadAccount(new CallSiteTable());
  const result = (): Workload =>
    account.result({ target: "test", scope: "process", snapshot: account.snapshot({ source: SOURCE }) });
  expect(result()).toMatchObject({ phases: [], residue: { objects: 0 }, repeat: null, interrupted: false });
  account.begin("work", "true", 1);
  expect(account.running).toMatchObject({ name: "work", round: 1 });
  expect(result().phases).toMatchObject([{ status: null, interrupted: true, startedNs: null }]);
  account.end(2);
  expect(account.running).toBeUndefined();
  expect(result().phases).toMatchObject([{ status: 2, interrupted: false }]);
  expect(result().scopeNote).toContain("missed");
});

it("keeps the last lines of the output, in pieces of any size", () => {
  const account = new WorkloadAccount(new CallSiteTable());
  const text = Array.from({ length: 30 }, (_, i) => `line ${String(i)}\r\n`).join("");
  account.begin("work", "true", 1);
  for (const character of text) account.addOutput("work", 1, character);
  account.end(0);
  account.addOutput("work", 1, "no end");
  account.addOutput("nobody", 1, "lost");
  const [phase] = account.result({
    target: "test",
    scope: "system",
    snapshot: account.snapshot({ source: SOURCE }),
  }).phases;
  expect(phase.output).toHaveLength(20);
  expect(phase.output?.at(0)).toBe("line 11");
  expect(phase.output?.slice(-2)).toEqual(["line 29", "no end"]);
});

it("puts a module's call sites together that were read after it had gone", () => {
  const trace = new Trace();
  for (let round = 1; round <= 3; round++) {
    const site = round === 2 ? "leaky+0x1/0x90 [leaky]" : `0xffffffffc0${String(round)}8d533`;
    trace.phase("load", round, () => trace.alloc(site, round));
  }
  expect(resultOf(trace).repeat?.verdict).toBe("clean");
  const resolve = (callSite: string, round: number) =>
    callSite === `0xffffffffc0${String(round)}8d533` ? "leaky+0x1/0x90 [leaky]" : callSite;
  const { repeat, residue } = resultOf(trace, 1 << 20, { resolve });
  expect(repeat).toMatchObject({ verdict: "leak", growing: [{ caller: "leaky+0x1 [leaky]", perRound: [64, 64, 64] }] });
  expect(residue.callers).toMatchObject([{ caller: "leaky+0x1 [leaky]", objects: 3, byPhase: { load: 3 } }]);
});

it("puts down to the target what grows as fast while no phase runs", () => {
  const grown = (beside: boolean) => {
    const trace = new Trace();
    let ptr = 0x1000;
    for (let round = 1; round <= 4; round++) {
      trace.phase("work", round, () => {
        for (let i = 0; i < 4; i++) trace.alloc("daemon+0x1/0x90", ptr++);
      });
      for (let i = 0; i < 6; i++) trace.alloc(beside ? "daemon+0x1/0x90" : "other+0x1/0x90", ptr++);
    }
    return resultOf(trace).repeat;
  };
  expect(grown(false)).toMatchObject({ verdict: "leak", growing: [{ caller: "daemon+0x1", verdict: "leak" }] });
  expect(grown(true)).toMatchObject({ verdict: "clean", growing: [{ caller: "daemon+0x1", verdict: "unsteady" }] });
});

/** Of a session that goes on: no times are kept, and workloads come one after the other. */
function passing(trace: Trace, workloadOf = (phase: string) => phase.slice(0, 1)) {
  const callSites = new CallSiteTable();
  const decoder = new TextDecoder(callSites);
  const account = new WorkloadAccount(callSites, { times: false });
  const push = (lines: readonly string[]) => {
    account.apply(decoder.push(bytesOf(lines.map((line) => `${line}\n`).join(""))), (mark) => {
      const change = readMark(mark);
      return change?.kind === "begin" ? { ...change, workload: workloadOf(change.name) } : change;
    });
  };
  const result = () =>
    account.result({ target: "test", scope: "system", snapshot: account.snapshot({ source: SOURCE }) });
  push(trace.lines.splice(0));
  return { account, push, result };
}

it("tells phases apart without times as it does with them", () => {
  const whole = resultOf(repeated(4));
  const same = passing(repeated(4), () => "w").result();
  expect(same.phases).toEqual(whole.phases);
  expect(same.repeat).toEqual(whole.repeat);
  expect(same.snapshot.callers).toEqual(whole.snapshot.callers);
  expect(same.residue.callers).toEqual(whole.residue.callers.map((row) => ({ ...row, ages: null })));
  expect(same.residue.objects).toBeGreaterThan(0);
});

it("leaves a workload when it is over, and forgets it when another begins", () => {
  const trace = new Trace();
  trace.phase("a-load", 1, () => {
    trace.alloc("leak+0x1/0x90", 1);
    trace.alloc("late+0x1/0x90", 2);
  });
  const { account, push, result } = passing(trace);
  expect(account.progress).toEqual({ phases: 1, rounds: 1, running: null, over: false });
  account.leave();
  expect(account.progress).toMatchObject({ over: true });
  // Not the workload's any more, but what it left gets less.
  trace.alloc("other+0x1/0x90", 3);
  trace.free(2);
  push(trace.lines.splice(0));
  expect(result()).toMatchObject({
    phases: [{ name: "a-load", allocs: 2, frees: 0, leftObjects: 1 }],
    residue: { objects: 1, callers: [{ callSite: "leak+0x1/0x90", byPhase: { "a-load": 1 } }] },
  });

  trace.phase("b-load", 1, () => trace.alloc("leak+0x1/0x90", 4));
  trace.free(1);
  push(trace.lines.splice(0));
  expect(account.workload).toBe("b");
  expect(result()).toMatchObject({
    phases: [{ name: "b-load", allocs: 1, leftObjects: 1 }],
    residue: { objects: 1, callers: [{ objects: 1, byPhase: { "b-load": 1 } }] },
  });
  expect(account.progress).toEqual({ phases: 1, rounds: 1, running: null, over: false });
  expect(result().snapshot.totals).toMatchObject({ allocs: 4, frees: 2, liveObjects: 2 });
});

it("leaves a phase whose end nobody saw", () => {
  const trace = new Trace();
  trace.mark("begin a 1");
  trace.alloc("a+0x1/0x90", 1);
  const { account, result } = passing(trace);
  account.leave();
  account.leave();
  expect(account.progress).toEqual({ phases: 1, rounds: 1, running: null, over: true });
  expect(result()).toMatchObject({ interrupted: true, phases: [{ interrupted: true, leftObjects: 1 }] });
});
