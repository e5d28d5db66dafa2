/** A boot's console and the trace that follows it, live: the same account as `report` makes of both. */
import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { kmemtap } from "../support/kmemtap.ts";

const FIXTURE = new URL("../../fixtures/6.1-amd64-printk/", import.meta.url).pathname;
const CONSOLE = `${FIXTURE}console.txt.gz`;
const TRACE = `${FIXTURE}trace.txt.gz`;

describe("--console", () => {
  it("joins the console with a trace that is followed, as report does with both files", async () => {
    const live = await kmemtap(["snapshot", `replay:${TRACE}?speed=0`, "--console", CONSOLE, "--json"]);
    const report = await kmemtap(["report", "--json", "--console", CONSOLE, TRACE]);
    expect(report.status, report.stderr).toBe(0);
    expect(live.status, live.stderr).toBe(0);
    const [followed, read] = [live, report].map(({ stdout }) => JSON.parse(stdout) as Snapshot);
    expect(followed.printk?.matched).toBeGreaterThan(30_000);
    expect({ ...followed, source: null }).toEqual({ ...read, source: null });
  }, 120_000);

  it("goes with a file or a recording only", async () => {
    const { status, stderr } = await kmemtap(["snapshot", "local:", "--console", CONSOLE]);
    expect(status).toBe(2);
    expect(stderr).toContain("--console goes with a trace that is read from a file");
  });
});
