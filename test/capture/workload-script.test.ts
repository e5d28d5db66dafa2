/** A workload's phases on an agent that answers as it should, and on one that does not. */
import { describe, expect, it, vi, onTestFinished } from "vitest";
import { escapedPieces, WorkloadScript, type WorkloadScriptOptions } from "../../src/capture/workload-script.ts";
import type { PhaseChange } from "../../src/capture/workload-account.ts";
import { KmemtapError } from "../../src/model/errors.ts";
import { line } from "../support/agent-lines.ts";
import { plainSource } from "../support/agent-source.ts";
import { until } from "../support/until.ts";

const LOAD = { name: "load", command: "modprobe vfat" };
const MOUNT = { name: "mount", command: "mount x /mnt" };

interface Bench {
  readonly script: WorkloadScript;
  readonly sent: string[];
  readonly changes: PhaseChange[];
  readonly told: string[];
  readonly interrupt: AbortController;
  readonly done: Promise<boolean>;
  /** What the agent says. */
  readonly say: (...texts: string[]) => void;
}

/** @param answers what the agent says to a line; the usual where it gives nothing */
function start(
  options: Partial<WorkloadScriptOptions> = {},
  answers?: (sent: string) => readonly string[] | undefined,
) {
  const source = plainSource({ mode: "text" });
  const changes: PhaseChange[] = [];
  const told: string[] = [];
  const script = new WorkloadScript(source, {
    phases: [LOAD, MOUNT],
    rounds: 1,
    settleMs: 0,
    modules: "",
    onOutput: (phase, round, text) => told.push(`${round} ${phase}> ${text}`),
    onPhase: ({ name }, round) => told.push(`${round} ${name}`),
    onPhaseEnd: ({ name }, round, status) => told.push(`${round} ${name} = ${status}`),
    ...options,
  });
  const say = (...texts: string[]) => {
    for (const text of texts) {
      const change = script.hear(line(text));
      if (change !== undefined) changes.push(change);
    }
  };
  // The answer comes through the stream, later.
  source.onSend = (text) => queueMicrotask(() => say(...(answers?.(text) ?? usual(text))));
  const interrupt = new AbortController();
  onTestFinished(() => interrupt.abort());
  const done = script.run(interrupt.signal);
  const bench: Bench = { script, sent: source.sent, changes, told, interrupt, done, say };
  return bench;
}

function usual(sent: string): string[] {
  if (sent === "on") return ["begin"];
  if (sent.startsWith("symbols ")) return ["sym  ffffffffc028d000:a:[fat]", "symbols-done names=x"];
  const id = /^phase (\S+)$/.exec(sent)?.[1];
  return id === undefined ? [] : [begun(id), pid(id), ended(id), over(id)];
}

const begun = (id: string) => `phase-begin name=${id}`;
const pid = (id: string, of = 77) => `phase-pid name=${id} pid=${of}`;
const ended = (id: string, status: number | string = 0) => `phase-end name=${id} status=${status}`;
const over = (id: string) => `output-end ${id} 0`;

describe("phases", () => {
  it("are sent one after the other, each when the one before has ended, round by round", async () => {
    const { say, done, sent, changes, told } = start({ rounds: 2 });
    expect(sent).toEqual([]);
    say("armed instance=x");
    expect(await done).toBe(true);
    expect(sent).toEqual([
      "on",
      ...["arg modprobe vfat", "phase 1.0", "arg mount x /mnt", "phase 1.1"],
      ...["arg modprobe vfat", "phase 2.0", "arg mount x /mnt", "phase 2.1"],
    ]);
    expect(changes).toEqual([
      ...[LOAD, MOUNT].flatMap((phase) => [
        { kind: "begin", ...phase, round: 1 },
        { kind: "end", status: 0 },
      ]),
      ...[LOAD, MOUNT].flatMap((phase) => [
        { kind: "begin", ...phase, round: 2 },
        { kind: "end", status: 0 },
      ]),
    ]);
    expect(told).toEqual([
      "1 load",
      "1 load = 0",
      "1 mount",
      "1 mount = 0",
      "2 load",
      "2 load = 0",
      "2 mount",
      "2 mount = 0",
    ]);
  });

  it("read the symbols of their modules first; a target that cannot is not waited for", async () => {
    const { say, done, sent } = start({ modules: "vfat fat" }, (text) =>
      text.startsWith("symbols") ? ["symbols-none"] : undefined,
    );
    say("armed");
    expect(await done).toBe(true);
    expect(sent.filter((text) => text.startsWith("symbols"))).toEqual(["symbols vfat fat", "symbols vfat fat"]);
  });

  it("have the exit status that was said; none where it does not read", async () => {
    const statuses: Record<string, string> = { "1.0": "3", "1.1": "x" };
    const { say, done, told, changes } = start({}, (text) => {
      const id = /^phase (\S+)$/.exec(text)?.[1];
      return id === undefined ? undefined : [begun(id), ended(id, statuses[id]), over(id)];
    });
    say("armed");
    await done;
    expect(told).toContain("1 load = 3");
    expect(told).toContain("1 mount = null");
    expect(changes.filter(({ kind }) => kind === "end")).toEqual([
      { kind: "end", status: 3 },
      { kind: "end", status: null },
    ]);
  });

  it("begin once and end once, however often the marks come, and in whatever order", async () => {
    const { say, done, changes } = start({ phases: [LOAD] }, (text) =>
      text === "phase 1.0"
        ? [pid("1.0"), begun("1.0"), begun("1.0"), ended("1.0"), ended("1.0"), `${ended("1.0", 9)} late=1`, over("1.0")]
        : undefined,
    );
    say("armed");
    expect(await done).toBe(true);
    expect(changes.map(({ kind }) => kind)).toEqual(["begin", "end"]);
  });

  it("are told with their end where the marks of their beginning were overwritten", async () => {
    const { say, done, changes } = start({ underWay: "r7." }, (text) => {
      const id = /^phase (\S+)$/.exec(text)?.[1];
      return id === undefined
        ? undefined
        : id === "r7.1.1"
          ? [ended(id, 3), over(id)]
          : [begun(id), ended(id), over(id)];
    });
    say("armed");
    await done;
    expect(changes.slice(1)).toEqual([
      { kind: "end", status: 0 },
      { kind: "end", status: 3, unseen: { name: "mount", command: MOUNT.command, round: 1, workload: "r7." } },
    ]);
  });

  it("are not confused by marks of other phases", async () => {
    const { say, done, changes, sent } = start({ phases: [LOAD] }, (text) => (text === "phase 1.0" ? [] : undefined));
    say("armed");
    await until("the phase", () => sent.includes("phase 1.0"));
    say(begun("9.9"), ended("9.9"), over("9.9"), pid("9.9"), "phase-end", "phase-end name=");
    expect(changes).toEqual([]);
    say(begun("1.0"), ended("1.0", 2), over("1.0"));
    expect(await done).toBe(true);
    expect(changes.at(-1)).toEqual({ kind: "end", status: 2 });
  });
});

describe("what a phase prints", () => {
  it("is passed on with its phase, lines with their ends, also what comes behind the end", async () => {
    const { say, done, told, sent } = start({ phases: [LOAD] }, (text) =>
      text === "phase 1.0" ? [begun("1.0"), "out =one"] : undefined,
    );
    say("armed");
    await until("the phase", () => sent.includes("phase 1.0"));
    say("out +a long ", "out =line", ended("1.0"), "out =late", "out =", over("1.0"));
    await done;
    expect(told).toEqual([
      "1 load",
      "1 load> one\n",
      "1 load> a long ",
      "1 load> line\n",
      "1 load> late\n",
      "1 load> \n",
      "1 load = 0",
    ]);
  });
});

describe("marks that were overwritten", () => {
  it("of the end are asked for again", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { say, done, sent, told } = start({ phases: [LOAD] }, (text) => {
      if (text === "phase 1.0") return [begun("1.0"), over("1.0")];
      return text === "again" ? [`${ended("1.0", 4)} late=1`] : undefined;
    });
    say("armed");
    await vi.advanceTimersByTimeAsync(4000);
    expect(sent).not.toContain("again");
    await vi.advanceTimersByTimeAsync(2000);
    expect(await done).toBe(true);
    expect(sent.filter((text) => text === "again")).toHaveLength(1);
    expect(told.at(-1)).toBe("1 load = 4");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("of the beginning are made good by the next one", async () => {
    const { say, done, changes } = start({ phases: [LOAD] }, (text) =>
      text === "phase 1.0" ? [pid("1.0"), ended("1.0"), over("1.0")] : undefined,
    );
    say("armed");
    await done;
    expect(changes).toEqual([
      { kind: "begin", ...LOAD, round: 1 },
      { kind: "end", status: 0 },
    ]);
  });

  it("of the window, of the output's end and of the symbols are not waited for for ever", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { say, done } = start({ phases: [LOAD], modules: "vfat" }, (text) =>
      text === "phase 1.0" ? [begun("1.0"), ended("1.0")] : [],
    );
    say("armed");
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await done).toBe(true);
  });
});

describe("an interrupt", () => {
  it("ends the command there, and runs nothing more", async () => {
    const { say, done, sent, interrupt, changes } = start({}, (text) =>
      text === "phase 1.0" ? [begun("1.0"), pid("1.0", 123)] : undefined,
    );
    say("armed");
    await until("the phase", () => changes.length === 1);
    interrupt.abort();
    expect(await done).toBe(false);
    expect(sent.slice(-2)).toEqual(["phase 1.0", "term 123"]);
    // Its end is still part of the account.
    say(ended("1.0", 143));
    expect(changes.at(-1)).toEqual({ kind: "end", status: 143 });
  });

  it("before it was known whom to end does so once that is", async () => {
    const { say, done, sent, interrupt } = start({}, (text) => (text === "phase 1.0" ? [] : undefined));
    say("armed");
    await until("the phase", () => sent.includes("phase 1.0"));
    interrupt.abort();
    expect(await done).toBe(false);
    say(begun("1.0"), pid("1.0", 55));
    expect(sent.at(-1)).toBe("term 55");
  });

  it.each(["1", "-1", "0", "x", "5; reboot"])("sends no signal to %s", async (of) => {
    const { say, done, sent, interrupt, changes } = start({}, (text) =>
      text === "phase 1.0" ? [begun("1.0"), `phase-pid name=1.0 pid=${of}`] : undefined,
    );
    say("armed");
    await until("the phase", () => changes.length === 1);
    await Promise.resolve();
    interrupt.abort();
    await done;
    expect(sent.filter((text) => text.startsWith("term"))).toEqual([]);
  });

  it("before the target is armed starts nothing", async () => {
    const { say, done, sent, interrupt } = start();
    interrupt.abort();
    expect(await done).toBe(false);
    say("armed");
    expect(sent).toEqual([]);
  });
});

describe("a capture that ends", () => {
  it("in the middle of a phase ends the workload, incomplete", async () => {
    const { say, done, script, changes } = start({}, (text) => (text === "phase 1.0" ? [begun("1.0")] : undefined));
    say("armed");
    await until("the phase", () => changes.length === 1);
    script.over();
    expect(await done).toBe(false);
  });

  it("while the workload waits for what is freed late ends the wait", async () => {
    const { say, done, script, told } = start({ phases: [LOAD], settleMs: 3_600_000 });
    say("armed");
    await until("the end of the phase", () => told.includes("1 load = 0"));
    script.over();
    expect(await done).toBe(false);
  });

  it("with a failure fails it", async () => {
    const { script, done } = start();
    script.over(new KmemtapError("link/lost", "gone"));
    await expect(done).rejects.toThrow("gone");
  });
});

describe("a command on its way", () => {
  /** As the agent puts it together: printf %b. */
  const received = (pieces: readonly string[]) =>
    Buffer.from(
      pieces.join("").replace(/\\0([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
      "latin1",
    );

  it.each([
    "modprobe vfat",
    "echo 'a\tb' \"$HOME\" `date` \\n \\\\0101 %s !x [ab] && exit 3\necho two",
    "echo żółć \u0000\u0003\u007f",
    " leading and trailing ",
    "x".repeat(5000),
  ])("arrives byte for byte, in pieces that a terminal takes: %j", (command) => {
    const pieces = escapedPieces(command);
    expect(received(pieces)).toEqual(Buffer.from(command));
    for (const piece of pieces) expect(piece).toMatch(/^[ -~]{1,200}$/);
  });

  it("that is empty is no piece", () => {
    expect(escapedPieces("")).toEqual([]);
  });
});
