/** `kmemtap snapshot URL --from --to`, as a process, of a server that replayed a fixture: what it prints is what the server tells of that window. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Window, windowSchema } from "../../../src/model/api.ts";
import { goMissing, goNote, readProfile } from "../../support/go-pprof.ts";
import { ensureBuilt, kmemtap } from "../../support/kmemtap.ts";
import { type Serving, startServing } from "../../support/start-serving.ts";
import { tempDir } from "../../support/temp-dir.ts";

const FIXTURE = join(import.meta.dirname, "../../../fixtures/6.1-amd64-demo/trace.txt.gz");
const [FROM, TO] = ["10", "20"];

describe("kmemtap snapshot URL --from --to", () => {
  let served: Serving;
  let told: Window;

  const ask = async (query: string) => {
    const answer = await fetch(`${served.url}/api/targets/target/window.json?${query}`);
    return windowSchema.parse(await answer.json());
  };
  const print = (...options: string[]) => kmemtap(["snapshot", served.url, ...options]);

  beforeAll(async () => {
    ensureBuilt();
    // So slowly that moments are taken on the way, and yet in no time: 33 s of a trace in a few.
    served = await startServing(["live", `replay://${FIXTURE}?speed=8`]);
    let last = -1;
    for (let now = 0; now !== last || now === 0;) {
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      now = (await ask("").catch(() => undefined))?.to.used ?? 0;
    }
    told = await ask(`from=${FROM}&to=${TO}`);
    expect(told.from.used).toBeGreaterThan(8);
    expect(told.to.used).toBeGreaterThan(told.from.used);
    expect(told.callers.length).toBeGreaterThan(10);
  }, 120_000);

  afterAll(() => served.stop());

  it("prints the callers that changed, with their figures", async () => {
    const { status, stdout } = await print("--from", FROM, "--to", `${TO}s`);
    expect(status).toBe(0);
    expect(stdout).toContain(`${told.from.used.toFixed(3)} s to ${told.to.used.toFixed(3)} s of the trace clock`);
    expect(stdout).toContain(`change of bytes allocated: ${String(told.totals.netBytes).padStart(10)}\n`);
    const rows = stdout.slice(stdout.indexOf("----")).split("\n").slice(1, -1);
    expect(rows.map((row) => row.trim().split(/[\s/]+/))).toEqual(
      told.callers.map(({ totalBytes, netBytes, allocs, frees, caller }) => [
        ...[totalBytes, netBytes, allocs, frees].map(String),
        ...caller.split(" "),
      ]),
    );
  });

  it("prints json as window.json has it, and csv with the same figures, in the order that is asked for", async () => {
    const json = await print("--from", FROM, "--to", TO, "--json");
    expect(windowSchema.parse(JSON.parse(json.stdout))).toEqual(told);
    const { stdout } = await print("--from", FROM, "--to", TO, "--format", "csv", "--order-by", "frees");
    const [head, ...lines] = stdout.trimEnd().split("\r\n");
    const column = (name: string) => lines.map((line) => line.split(",")[head.split(",").indexOf(name)]);
    const { callers } = await ask(`from=${FROM}&to=${TO}&order=frees`);
    expect(column("frees")).toEqual(callers.map(({ frees }) => String(frees)));
    const net = callers.reduce((sum, { netBytes }) => sum + netBytes, 0);
    expect(net).toBe(told.totals.netBytes);
    expect(column("net_bytes").reduce((sum, text) => sum + Number(text), 0)).toBe(net);
  });

  it("writes rings into a file", async () => {
    const out = join(tempDir(), "a.png");
    expect(await print("--from", FROM, "--format", "png", "-o", out)).toMatchObject({ status: 0, stdout: "" });
    expect(PNG.sync.read(readFileSync(out)).width).toBeGreaterThan(500);
    const svg = await print("--to", TO, "--format", "svg");
    expect(svg.stdout).toContain("Growth in the window");
  });

  it.skipIf(goMissing)(`writes a heap profile of what changed${goNote}`, async () => {
    const out = join(tempDir(), "a.pb.gz");
    expect(await print("--from", FROM, "--to", TO, "--format", "pprof", "-o", out)).toMatchObject({ status: 0 });
    const { samples } = readProfile(readFileSync(out));
    const sum = (value: number) => samples.reduce((all, { values }) => all + values[value], 0);
    const { allocs, totalBytes, liveObjects, netBytes } = told.totals;
    expect([0, 1, 2, 3].map(sum)).toEqual([allocs, totalBytes, liveObjects, netBytes]);
    expect(samples.some(({ values }) => values[3] < 0)).toBe(told.callers.some((row) => row.netBytes < 0));
  });

  it.each([
    [["--from", "20", "--to", "10"], "--from 20 is later than --to 10\n  exchange them\n"],
    [["--from", "ten"], "--from ten: not a time of the trace clock\n  give seconds"],
    [["--from", "1", "--format", "account"], "--format account: a window does not tell enough for it\n  give one of "],
    [["--from", "1", "--format", "csv,json"], "--format csv,json: a window is printed in one form\n  give one of "],
    [["--from", "1", "--format", "csv", "--json"], "--json with --format\n  give one or the other\n"],
    [["--from", "1", "--order-by", "waste"], "--order-by waste: it is not known of a window\n  order by "],
    [["--from", "1", "--every", "1s"], "--every with --from or --to: a window is printed once\n  leave "],
    [["--from", "1", "--tasks"], "--tasks: "],
  ])("refuses %j in one line, and says what to do", async (options, expected) => {
    const { status, stdout, stderr } = await print(...options);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(`kmemtap: ${expected}`);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  });

  it("is refused of a target that is not served", async () => {
    const { status, stderr } = await kmemtap(["snapshot", `file://${FIXTURE}`, "--to", "3"]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^kmemtap: --from and --to: \S+ keeps no moments.*\n {2}give the address .*report FILE/);
  });

  it("says what the server refuses in its words, none of which a terminal obeys", async () => {
    const answer = JSON.stringify({ error: "no \u001b[31mmoments", help: "wait a second" });
    const server = createServer((_request, response) => response.writeHead(400).end(answer)).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const { status, stderr } = await kmemtap(["snapshot", url, "--from", "3"]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: "kmemtap: no ?[31mmoments\n  wait a second\n" });
  });
});
