/** A symbol that would turn the text around it, in everything that kmemtap writes. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { startServing } from "../support/start-serving.ts";
import { tempDir } from "../support/temp-dir.ts";
import { alloc, head } from "../support/trace-text.ts";
import { until } from "../support/until.ts";

beforeAll(ensureBuilt, 120_000);

const UNSEEN = /[\u202e\u2066\u200b]/u;
const LINE = `${head()}${alloc({ req: 3000, alloc: 4096, site: "tty_\u202enepo\u2066\u200b+0x58/0x6e0" })}\n`;
const SHOWN = "tty_\\u{202e}nepo\\u{2066}\\u{200b}+0x58";

it("is shown as an escape: files of every format, report, top, the page's data and the metrics", async () => {
  const dir = tempDir();
  const [trace, out] = [join(dir, "trace.log"), join(dir, "out")];
  writeFileSync(trace, LINE);
  const formats = "account,callers,json,csv,svg,pprof";
  const dump = await kmemtap(["snapshot", `file://${trace}`, "--for", "1s", "-o", out, "--format", formats]);
  expect(dump.status).toBe(0);
  const files = readdirSync(out).map((name) => [name, readFileSync(join(out, name))] as const);
  expect(files.length).toBe(6);
  const outputs = files.map(([name, data]) => [
    name,
    (name.endsWith(".gz") ? gunzipSync(data) : data).toString("utf8"),
  ]);

  const report = await kmemtap(["report", trace]);
  const top = await kmemtap(["top", `file://${trace}`, "--once"]);
  outputs.push(["report", report.stdout], ["top", top.stdout]);

  const { child, url } = await startServing(["live", `file://${trace}`]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const get = async (path: string) => (await fetch(url + path)).text();
  await until("the event", async () => (await get("/metrics")).includes("tty_"));
  for (const path of ["/metrics", "/api/targets/target/snapshot.txt", "/api/targets/target/snapshot.json"])
    outputs.push([path, await get(path)]);

  for (const [name, text] of outputs) {
    expect(text, name).not.toMatch(UNSEEN);
    // JSON and metrics escape the backslash once more; a chart may cut a long name, a profile has the function alone.
    expect(text.replaceAll("\\\\", "\\"), name).toContain(
      name.endsWith(".svg") ? "tty_\\u{202e}" : SHOWN.split("+")[0],
    );
  }
});
