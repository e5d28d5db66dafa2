/** `kmemtap run` as a process: workloads on this machine's kernel, and wrong uses. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Workload, workloadSchema } from "../../src/model/workload.ts";
import { ensureBuilt, kmemtap, startKmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { canTrace, note, settings, startTraced, type TracedRun } from "../support/traced.ts";
import { until } from "../support/until.ts";

beforeAll(ensureBuilt, 120_000);

describe.skipIf(!canTrace)(`kmemtap run local:${note}`, () => {
  let before: ReturnType<typeof settings>;
  beforeAll(() => {
    before = settings();
  });

  function start(...args: string[]): TracedRun {
    const file = join(tempDir(), "kmemtap.yaml");
    writeFileSync(file, "logLevel: warn\n");
    const dashes = args.indexOf("--");
    const at = dashes < 0 ? args.length : dashes;
    return startTraced(["run", "local:", "--settle", "0s", "--config", file, ...args.slice(0, at), ...args.slice(at)]);
  }

  async function ended(run: TracedRun, status: number): Promise<void> {
    expect({ status: await run.status, stderr: run.stderr }).toMatchObject({ status });
    expect(run.armed.size).toBe(1);
    expect(run.left()).toEqual([]);
    expect(settings()).toEqual(before);
  }

  const resultOf = ({ stdout }: TracedRun): Workload => workloadSchema.parse(JSON.parse(stdout));

  it("runs a command, and says what it allocated and left", async () => {
    const run = start("--", "true");
    await ended(run, 0);
    expect(run.stderr).toBe("kmemtap: armed: recording\nkmemtap: run: true\n");
    expect(run.stdout).toMatch(/run/);
    expect(run.stdout.split("\n").length).toBeGreaterThan(3);
  });

  it("runs phases in order, each with its output, status and account", async () => {
    const run = start(
      "--json",
      "--phase",
      "a=echo one; exit 3",
      "--phase",
      "b=cat /etc/hostname >/dev/null; printf two",
    );
    await ended(run, 0);
    const result = resultOf(run);
    expect(result).toMatchObject({ exact: true, interrupted: false, target: "local:", scope: "system" });
    expect(result.phases).toMatchObject([
      { name: "a", command: "echo one; exit 3", round: 1, status: 3, interrupted: false },
      { name: "b", round: 1, status: 0, interrupted: false },
    ]);
    for (const { allocs, startedNs, endedNs } of result.phases) {
      expect(allocs).toBeGreaterThan(0);
      expect(endedNs ?? 0).toBeGreaterThan(startedNs ?? Infinity);
    }
    expect(run.stderr).toMatch(
      /kmemtap: a: echo one; exit 3\n {2}\| one\nkmemtap: a: exit status 3\nkmemtap: b: .*\n {2}\| two\n$/,
    );
  });

  it("takes several words as a program and its arguments, one as a line of shell", async () => {
    const run = start("--json", "--", "printf", "%s|", "a b", "$HOME");
    await ended(run, 0);
    expect(run.stderr).toContain("a b|$HOME|");
    const line = start("--json", "--", "echo $((20 + 3))");
    await ended(line, 0);
    expect(line.stderr).toMatch(/^ {2}\| 23$/m);
  });

  it("repeats it, and tells what grows from what stays", async () => {
    const run = start("--json", "--repeat", "3", "--", "true");
    await ended(run, 0);
    const { phases, repeat } = resultOf(run);
    expect(phases.map(({ round }) => round)).toEqual([1, 2, 3]);
    expect(repeat?.rounds).toBe(3);
    // Before they run: afterwards it is too late to ask for more.
    expect(run.stderr).toMatch(
      /^kmemtap: 3 rounds may be too few: 4 rounds or more tell .* \(--repeat 4\)\nkmemtap: armed: recording\nkmemtap: round 1 of 3, run: true\n/,
    );
    expect(["leak", "clean", "unsafe"]).toContain(repeat?.verdict);
  });

  it("calls nothing clean that never ran", async () => {
    const run = start("--fail-on-leak", "--strict", "--repeat", "4", "--", "./nothere.sh");
    await ended(run, 1);
    expect(run.stderr).toContain("4 of 4 commands had another exit status than 0");
    // What else runs on this machine may grow.
    expect(run.stdout).toMatch(/^verdict: (unsafe: a command failed in 4 of 4 rounds: |leak: )/m);
  });

  it.each([
    ["bytes that are no text", "printf 'a\\377\\200b\\n'", "a\ufffd\ufffdb"],
    ["a bar that moves by carriage returns", "printf '10%%\\r100%%\\n'", "10%?100%"],
    [
      "a line far longer than a mark",
      "i=0; while [ $i -lt 300 ]; do printf 'long line '; i=$((i+1)); done; echo",
      "long line ".repeat(300),
    ],
    ["escapes, which must not work the terminal", "printf '\\033[31mred\\n'", "?[31mred"],
    [
      "what looks like an event",
      "printf '            init-1 [001] ..... 2.0: kfree: call_site=a+0x1/0x2 ptr=00000000c64b90b6\\n'",
      "init-1 [001]",
    ],
  ])("shows %s", async (_, command, shown) => {
    const run = start("--json", "--", command);
    await ended(run, 0);
    expect(run.stderr).toContain(shown);
    const { exact, snapshot, phases } = resultOf(run);
    expect(exact).toBe(true);
    expect(phases).toHaveLength(1);
    expect(snapshot.callers.map(({ callSite }) => callSite)).not.toContain("a+0x1/0x2");
    expect((snapshot.findings ?? []).join()).not.toContain("damaged");
  });

  it("that is interrupted in the middle of a phase ends it there, prints what there is, and restores the target", async () => {
    const file = join(tempDir(), "pid");
    const run = start("--json", "--phase", "a=true", "--phase", `b=echo $$ >${file}; sleep 1000`, "--phase", "c=true");
    await until("the phase", () => existsSync(file) && readFileSync(file, "utf8") !== "");
    run.kill("SIGINT");
    await ended(run, 3);
    expect(run.stderr).toContain("interrupted");
    const { interrupted, phases } = resultOf(run);
    expect(interrupted).toBe(true);
    expect(phases.map(({ name }) => name)).toEqual(["a", "b"]);
    const pid = Number(readFileSync(file, "utf8"));
    await until("the end of the command", () => !existsSync(`/proc/${pid}`));
  });

  it("is an account of the workload's own processes where asked", async () => {
    const run = start("--json", "--scope", "process", "--", "true");
    await ended(run, 0);
    const result = resultOf(run);
    expect(result).toMatchObject({ scope: "process" });
    expect(result.phases[0].allocs).toBeGreaterThan(0);
  });
});

describe("a workload that is interrupted before its first phase", () => {
  it("is said not to have run, and nothing is printed that it would have left", async () => {
    // Takes the connection, and is no shell: the target is still being reached.
    const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const child = startKmemtap(["run", `tcp://127.0.0.1:${String(port)}`, "--", "true"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
    await once(server, "connection");
    child.kill("SIGINT");
    const [status] = (await once(child, "close")) as [number];
    expect(said.stdout).toBe("");
    expect(said.stderr).toContain("nothing of the workload ran: it was interrupted before its first phase");
    expect(status).toBe(3);
  });
});

describe("wrong use", () => {
  it.each<[string[], RegExp]>([
    [["local:"], /there is no workload\n {2}kmemtap run TARGET -- COMMAND, or --phase NAME=COMMAND/],
    [
      ["local:", "--phase", "a=true", "--", "true"],
      /a command behind -- and --phase at the same time\n {2}make it a --phase/,
    ],
    [["local:", "--phase", "a=true", "--phase", "a=false"], /two phases are called a\n {2}give each phase a name/],
    [["local:", "--phase", "true"], /--phase true: not NAME=COMMAND\n {2}for example --phase load='modprobe vfat'/],
    [["local:", "--phase", "a="], /--phase a=: not NAME=COMMAND/],
    [["local:", "--phase", "a b=true"], /not NAME=COMMAND/],
    [
      ["local:", "--mode", "hist", "--", "true"],
      /--mode hist: the kernel's sums do not tell phases apart\n {2}use --mode text/,
    ],
    [["local:", "--repeat", "0", "--", "true"], /--repeat 0: not a whole number from 1 to 1000/],
    [["local:", "--repeat", "many", "--", "true"], /--repeat many/],
    [
      ["local:", "--fail-on-leak", "--repeat", "2", "--", "true"],
      /--fail-on-leak with --repeat 2: too few rounds to tell\n {2}use --repeat 4/,
    ],
    [["local:", "--settle", "soon", "--", "true"], /--settle soon: not a time/],
    [["local:", "--hist-keys", "100", "--", "true"], /--hist-keys 100/],
    [["local:", "--scope", "world", "--", "true"], /Allowed choices are system, process/],
    [
      ["file:///tmp/serial.log", "--", "true"],
      /file:\/\/\/tmp\/serial\.log is no place to run a workload\n {2}use local:, ssh:/,
    ],
    [["replay:///tmp/x", "--", "true"], /is no place to run a workload/],
    [["nowhere", "--", "true"], /neither a URL nor a name/],
  ])("%j says what and what to do", async (args, message) => {
    const { status, stdout, stderr } = await kmemtap(["run", ...args]);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.trimEnd().split("\n").length).toBe(2);
  });
});
