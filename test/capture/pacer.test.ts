import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Pacer } from "../../src/capture/pacer.ts";

// The clock alone is faked, so that nothing depends on how fast the test runs.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether `hold` lets go without waiting. */
async function isDue(pacer: Pacer, timeNs: number | null): Promise<boolean> {
  const held = pacer.hold(timeNs).then(() => "due");
  const soon = new Promise((resolve) => setTimeout(() => resolve("held"), 5));
  return (await Promise.race([held, soon])) === "due";
}

it("lets the first moment pass at once, wherever the trace's clock stands", async () => {
  expect(await isDue(new Pacer(1), 123e9)).toBe(true);
});

it("holds what is not due yet, and lets go of what is", async () => {
  const pacer = new Pacer(1);
  await pacer.hold(100e9);
  expect(await isDue(pacer, 100.1e9)).toBe(false);
  vi.setSystemTime(Date.now() + 100);
  expect(await isDue(pacer, 100.1e9)).toBe(true);
});

it("counts the trace's time faster at a higher speed", async () => {
  const pacer = new Pacer(10);
  await pacer.hold(0);
  vi.setSystemTime(Date.now() + 100);
  expect(await isDue(pacer, 1e9)).toBe(true);
  expect(await isDue(pacer, 1.5e9)).toBe(false);
});

it("does not hold what has no time, or goes back", async () => {
  const pacer = new Pacer(1);
  expect(await isDue(pacer, null)).toBe(true);
  await pacer.hold(5e9);
  expect(await isDue(pacer, 4e9)).toBe(true);
});
