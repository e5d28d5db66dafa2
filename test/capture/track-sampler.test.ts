/** Samples of an account: how many, when, and that the account is the same as without. */
import { expect, it } from "vitest";
import { accountRecording } from "../../src/capture/account-recording.ts";
import { TrackSampler } from "../../src/capture/track-sampler.ts";

/** One allocation of 100 bytes each 10 µs, and a free of every second one. */
const LINES = Array.from({ length: 5000 }, (_, i) => {
  const time = (1 + i / 1e5).toFixed(6);
  const ptr = (1 + i - (i % 2)).toString(16).padStart(16, "0");
  const site = `site_${i % 3}+0x1/0x9`;
  return i % 2 === 1 && i % 4 === 1
    ? `            cat-1       [000] .....     ${time}: kfree: call_site=${site} ptr=${ptr}\n`
    : `            cat-1       [000] .....     ${time}: kmalloc: call_site=${site} ptr=${(i + 1).toString(16).padStart(16, "0")} bytes_req=90 bytes_alloc=100 gfp_flags=GFP_KERNEL node=-1 accounted=false\n`;
});

const input = (...chunks: readonly string[]) => ({
  label: "text",
  chunks: (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  })(),
});

it.each([10_000, 2000, 64])("takes at most %d samples, evenly, and ends where the account does", async (most) => {
  const sampler = new TrackSampler(most);
  const text = LINES.join("");
  const half = Math.floor(text.length / 2);
  const { snapshot } = await accountRecording([input(text.slice(0, half), text.slice(half))], "all", { sampler });
  const plain = await accountRecording([input(text)], "all");
  expect(snapshot.totals).toEqual(plain.snapshot.totals);
  const { timesNs, totalNetBytes, callers } = sampler.tracks(snapshot, 2);
  expect(timesNs.length).toBeLessThanOrEqual(most);
  expect(timesNs.length).toBeGreaterThan(Math.min(most, 5000) / 3);
  expect(timesNs).toEqual([...timesNs].sort((a, b) => a - b));
  expect(timesNs.at(-1)).toBe(snapshot.window.lastEventNs);
  expect(totalNetBytes.at(-1)).toBe(snapshot.totals.netBytes);
  expect(callers).toHaveLength(2);
  for (const { caller, netBytes } of callers)
    expect(netBytes.at(-1)).toBe(snapshot.callers.find((row) => row.caller === caller)?.netBytes);
});

it("has nothing to say of a trace without events", async () => {
  const sampler = new TrackSampler(100);
  const { snapshot } = await accountRecording([input("# tracer: nop\n")], "all", { sampler });
  expect(sampler.tracks(snapshot, 20)).toEqual({ timesNs: [], totalNetBytes: [], callers: [] });
});
