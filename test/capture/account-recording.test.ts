import { describe, expect, it } from "vitest";
import { gzipSync } from "node:zlib";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { accountRecording } from "../../src/capture/account-recording.ts";
import { readFileChunks } from "../../src/transport/read-file.ts";
import { ALLOC_LINE, alloc, CACHE_ALLOC_LINE, FREE_LINE, head } from "../support/trace-text.ts";
import { tempDir } from "../support/temp-dir.ts";

function file(content: string | Uint8Array, name = "trace"): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

const account = (...paths: string[]) =>
  accountRecording(
    paths.map((label) => ({ label, chunks: readFileChunks(label) })),
    "all",
  );
const HEADER = "# tracer: nop\n#\n# entries-in-buffer/entries-written: 0/0   #P:2\n#\n";

describe("what is no trace is refused in one line, with a next step", () => {
  it.each([
    ["a missing file", undefined, "input/missing", /no such file$/],
    ["an empty file", "", "input/empty", /is empty$/],
    ["an empty gzip", gzipSync(""), "input/empty", /is empty$/],
    [
      "a binary",
      Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) & 0xff)),
      "input/not-a-trace",
      /is not a kernel trace$/,
    ],
    ["a zipped binary", gzipSync(Buffer.alloc(5000, 7)), "input/not-a-trace", /is not a kernel trace$/],
    ["a source file", 'int main(void) { return puts("kmalloc"); }\n', "input/not-a-trace", /is not a kernel trace$/],
    [
      "a kernel log",
      "[    0.000000] Linux version 6.1.0\n[    3.1] random: crng init done\n",
      "input/not-a-trace",
      /is not a kernel trace$/,
    ],
  ])("%s", async (_, content, code, message) => {
    const path = content === undefined ? join(tempDir(), "none") : file(content);
    const failure = await account(path).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code, exitCode: 3 });
    const { message: text, nextStep } = failure as { message: string; nextStep: string };
    expect(text).toMatch(message);
    expect(text).toContain(path);
    expect(text).not.toContain("\n");
    expect(nextStep).not.toBe("");
  });
});

describe("what is a trace is accounted", () => {
  it("with no event in it", async () => {
    const { snapshot } = await account(file(HEADER));
    expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 0 } });
  });

  it("with other events only", async () => {
    expect((await account(file(`${head()}sched_yield: x\n`))).snapshot.totals.allocs).toBe(0);
  });

  it("from many files, one after the other, as parts of one trace", async () => {
    const paths = [file(`${ALLOC_LINE}\n${CACHE_ALLOC_LINE}\n`), file(gzipSync(`${FREE_LINE}\n`))];
    const { snapshot, freeingCallSites } = await account(...paths);
    expect(snapshot.totals).toMatchObject({ allocs: 2, frees: 1, liveObjects: 1 });
    expect(snapshot.source).toEqual({ label: paths.join(" "), recording: true, run: 1 });
    expect([...freeingCallSites]).toEqual([["put_pid.part.0+0x36/0x50", 1]]);
  });

  it("a half line at the end of one file is not continued by the next", async () => {
    const cut = ALLOC_LINE.indexOf(" bytes_alloc");
    const { snapshot } = await account(
      file(`${FREE_LINE}\n${ALLOC_LINE.slice(0, cut)}`),
      file(`${ALLOC_LINE.slice(cut)}\n${FREE_LINE}\n`),
    );
    expect(snapshot).toMatchObject({ exact: false, totals: { allocs: 0 } });
  });

  it("up to where a gzip is damaged, and the account says so", async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => head() + alloc({ ptr: (i + 1).toString(16).padStart(16, "0"), req: (i * 7919) % 9000, alloc: 9000 }),
    );
    const packed = gzipSync(lines.join("\n"));
    const path = file(packed.subarray(0, packed.length >> 1), "boot.trace.gz");
    const { snapshot } = await account(path);
    expect(snapshot.totals.allocs).toBeGreaterThan(1000);
    expect(snapshot.exact).toBe(false);
    expect(snapshot.loss.damagedInput).toEqual([expect.stringContaining(path)]);
  });

  it("from a console's tp_printk lines alone, in printk mode", async () => {
    const { snapshot } = await account(file(`[    0.548493] ${alloc()}\n`), file(`[    0.548494] ${alloc()}\n`));
    expect(snapshot).toMatchObject({ mode: "printk", totals: { allocs: 2, impliedFrees: 1 }, printk: { events: 2 } });
  });

  it("but a console among traces is refused, whichever comes first", async () => {
    const console = `[    0.548493] ${alloc()}\n`;
    for (const contents of [
      [console, `${ALLOC_LINE}\n`],
      [`${ALLOC_LINE}\n`, console],
    ])
      await expect(account(...contents.map((content) => file(content)))).rejects.toMatchObject({
        code: "input/not-a-trace",
        message: expect.stringContaining("tp_printk") as string,
      });
  });

  it("but one foreign file among good ones is refused: the whole would be a lie", async () => {
    await expect(account(file(`${ALLOC_LINE}\n`), file("hello\n"))).rejects.toMatchObject({
      code: "input/not-a-trace",
    });
  });
});
