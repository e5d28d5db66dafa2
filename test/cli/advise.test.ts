/** `kmemtap advise` as a process, on real captures. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Advice, adviceSchema } from "../../src/model/advice.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { readFixture } from "../support/recordings.ts";

beforeAll(ensureBuilt, 120_000);

async function adviceOn(name: string, ...options: string[]): Promise<Advice> {
  const { status, stdout, stderr } = await kmemtap(["advise", "-", "--json", ...options], {
    input: readFixture(name).text,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return adviceSchema.parse(JSON.parse(stdout));
}

describe("kmemtap advise", () => {
  it.each(["6.1-amd64", "6.1-arm64"])("accounts %s as the independent program does", async (name) => {
    const { totals } = readFixture(name).expected;
    const { allocators, findings } = await adviceOn(name);
    const { kmalloc, cache } = allocators.recorded;
    expect(allocators.requests).toBe(totals.allocs);
    expect(kmalloc.bytes + cache.bytes).toBe(totals.totalBytes);
    expect(kmalloc.netBytes + cache.netBytes).toBe(totals.netBytes);
    expect(kmalloc.netWasteBytes + cache.netWasteBytes).toBe(totals.wasteBytes);
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings.filter(({ kind }) => kind === "odd-size" || kind === "cache"))
      expect(finding.savedBytes).toBeGreaterThanOrEqual(4096);
  });

  it("looks at kmalloc or at caches alone", async () => {
    const [malloc, cache] = [await adviceOn("6.1-amd64", "--malloc"), await adviceOn("6.1-amd64", "--cache")];
    expect(malloc.allocators.recorded.cache.bytes).toBe(0);
    expect(malloc.allocators.recordedBy).toBe("SLUB");
    expect(cache.allocators.recorded.kmalloc.bytes).toBe(0);
    expect(cache.allocators.recordedBy).toBeNull();
    expect(cache.findings.filter(({ kind }) => kind === "cache" || kind === "odd-size")).toEqual([]);
  });

  it("says what makes it inexact, and fails with --strict", async () => {
    const input = readFixture("6.1-amd64-lost").text;
    const { status, stderr } = await kmemtap(["advise", "-", "--strict"], { input });
    expect(stderr).toMatch(/^kmemtap: not exact: \d+ events lost/);
    expect(status).toBe(4);
  });

  it("refuses what it cannot do", async () => {
    expect(await kmemtap(["advise", "/nonexistent/x"])).toMatchObject({ status: 3, stdout: "" });
    const run = await kmemtap(["advise", "-", "--run", "2"], { input: "" });
    expect(run.stderr).toContain("--run chooses one of a capture's runs");
    expect(run.status).toBe(2);
  });
});
