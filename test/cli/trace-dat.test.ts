/** `kmemtap report` and `kmemtap export` on what trace-cmd recorded: from a file, a gzip, a pipe; whole and cut off. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { type Snapshot, snapshotSchema } from "../../src/model/snapshot.ts";
import { ensureBuilt, type Finished, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, ALLOC_LINE, FREE_LINE, head } from "../support/trace-text.ts";

beforeAll(ensureBuilt, 120_000);

const GZIP = fileURLToPath(new URL("../../fixtures/trace-dat-6.18-amd64/v7.dat.gz", import.meta.url));
/** As trace-cmd's own text has them. */
const ALLOCS = gunzipSync(readFileSync(GZIP.replace("dat.gz", "txt.gz")))
  .toString()
  .match(/(?:kmalloc|kmem_cache_alloc): .* ptr=0x/g)?.length;
const ZSTD = gunzipSync(readFileSync(GZIP.replace("v7", "zstd")));
const BYTES = gunzipSync(readFileSync(GZIP));

function file(content: string | Uint8Array, name = "trace.dat"): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

const snapshotOf = ({ stdout }: Finished): Snapshot => snapshotSchema.parse(JSON.parse(stdout));

interface ChromeEvent {
  readonly name: string;
  readonly ph: string;
  readonly ts?: number;
  readonly pid: number;
  readonly args: { readonly bytes?: number };
}

function tracksOf(text: string): Map<string, ChromeEvent[]> {
  const { traceEvents } = JSON.parse(text) as { traceEvents: ChromeEvent[] };
  const tracks = new Map<string, ChromeEvent[]>();
  for (const event of traceEvents) tracks.set(event.name, [...(tracks.get(event.name) ?? []), event]);
  return tracks;
}

describe("report", () => {
  it.each([
    ["a file", () => kmemtap(["report", "--json", file(BYTES)])],
    ["a gzip", () => kmemtap(["report", "--json", GZIP])],
    ["standard input", () => kmemtap(["report", "--json", "-"], { input: BYTES })],
  ])("reads %s", async (_, run) => {
    const finished = await run();
    expect(finished.status).toBe(0);
    const { totals, exact, callers } = snapshotOf(finished);
    expect({ exact, allocs: totals.allocs }).toEqual({ exact: true, allocs: ALLOCS });
    expect(callers.reduce((sum, { netBytes }) => sum + netBytes, 0)).toBe(totals.netBytes);
  });

  it("says what is missing of a file that was cut off, and --strict fails", async () => {
    // Version 7 has its table of CPUs behind the events, so the older one is cut.
    const whole = gunzipSync(readFileSync(GZIP.replace("v7", "v6")));
    const { status, stdout, stderr } = await kmemtap(["report", "--strict", file(whole.subarray(0, 140_000))]);
    expect(stderr).toMatch(/bytes of CPU \d are missing/);
    expect(stdout).toContain("number of allocs:");
    expect(status).toBe(4);
  });

  it("accounts a gzip up to where it is damaged", async () => {
    const gzip = gzipSync(gunzipSync(readFileSync(GZIP.replace("v7", "v6"))), { level: 0 });
    const { status, stdout, stderr } = await kmemtap(["report", file(gzip.subarray(0, 150_000), "cut.dat.gz")]);
    expect(stderr).toMatch(/unexpected end of file/);
    expect(stdout).toMatch(/number of allocs: +[1-9]/);
    expect(status).toBe(0);
  });

  it.each([
    ["a trace.dat of which no event is there", BYTES.subarray(0, 60_000), /no event can be read/],
    ["a perf.data", Buffer.from("PERFILE2 and more"), /is a perf.data file[^]*trace-cmd record -e kmem/],
    [
      "a trace.dat packed with what cannot be unpacked",
      Buffer.from(ZSTD.toString("latin1").replace("zstd", "lzma"), "latin1"),
      /packed with lzma[^]*trace-cmd convert --compression none/,
    ],
  ])("refuses %s, with what to do", async (_, bytes, message) => {
    const { status, stdout, stderr } = await kmemtap(["report", file(bytes)]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^kmemtap: .*\n {2}\S.*\n$/);
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
  });
});

describe("export", () => {
  it("writes the total and the largest callers of a trace.dat, which end where the account does", async () => {
    const out = join(tempDir(), "out.json");
    const { status, stderr } = await kmemtap(["export", GZIP, "-o", out, "--format", "chrome"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { totals, callers } = snapshotOf(await kmemtap(["report", "--json", GZIP]));
    const tracks = tracksOf(readFileSync(out, "utf8"));
    expect(tracks.size).toBe(1 + 1 + 20);
    expect(tracks.get("total live bytes")?.at(-1)?.args.bytes).toBe(totals.netBytes);
    for (const { caller, netBytes } of callers.slice(0, 5))
      expect(tracks.get(caller)?.at(-1)?.args.bytes).toBe(netBytes);
    for (const track of tracks.values()) {
      const times = track.map(({ ts = 0 }) => ts);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(track.length).toBeLessThanOrEqual(2000);
      for (const { ph, ts, pid } of track)
        expect([ph === "M" ? undefined : typeof ts, pid]).toEqual([ph === "M" ? undefined : "number", 1]);
    }
  });

  it("writes the same of text, in microseconds", async () => {
    const text = [
      ALLOC_LINE,
      head() + alloc({ site: "small+0x1/0x2", ptr: "0000000000000077", req: 10, alloc: 128 }),
      FREE_LINE,
    ];
    const { stdout, status } = await kmemtap(["export", "-", "-o", "-", "--top", "1"], {
      input: `${text.join("\n")}\n`,
    });
    expect(status).toBe(0);
    const tracks = tracksOf(stdout);
    expect([...tracks.keys()].slice(1)).toEqual(["total live bytes", "tty_open+0x58"]);
    expect(tracks.get("total live bytes")?.at(-1)).toMatchObject({
      ph: "C",
      pid: 1,
      args: { bytes: expect.any(Number) as number },
    });
  });

  it.each([
    [["--format", "trace.dat", "--malloc"], "--malloc with --format trace.dat"],
    [["--format", "folded", "--top", "3"], "--top with --format folded"],
    [["--own"], "--own with --format chrome"],
    [["--attr", "total"], "--attr with --format chrome"],
    [["--top", ""], "--top : not a whole number"],
    [["--top", "0"], "--top 0: not a whole number"],
  ])("refuses what it would ignore: %s", async (args, message) => {
    const { status, stderr } = await kmemtap(["export", GZIP, "-o", join(tempDir(), "out"), ...args]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) as string });
  });

  it("never writes over what it reads", async () => {
    const path = file(BYTES);
    const { status } = await kmemtap(["export", path, "-o", path]);
    expect(status).toBe(2);
    expect(readFileSync(path)).toEqual(BYTES);
  });
});
