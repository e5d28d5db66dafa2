import { expect, it } from "vitest";
import { retryDelayMs } from "../../../src/dashboard/link/retry-delay.ts";

it("waits longer each time, never long, and never all viewers alike", () => {
  const delays = Array.from({ length: 30 }, (_, i) => retryDelayMs(i + 2, 0.5));
  expect(delays[0]).toBe(500);
  expect(delays.every((delay, i) => i === 0 || delay >= delays[i - 1])).toBe(true);
  expect(delays.at(-1)).toBe(15_000);
  expect(retryDelayMs(2, 0)).toBe(375);
  expect(retryDelayMs(2, 1)).toBe(625);
});
