/** How large the ring buffers become where nobody said. */
import { expect, it } from "vitest";
import { chooseBufferKb } from "../../../src/target/agent/choose-buffer.ts";

const chosen = (memAvailableKb: number, cpus: number) => chooseBufferKb("auto", true, { memAvailableKb, cpus });

it("takes an eighth of the free memory, within bounds", () => {
  expect(chosen(24_000_000, 2)).toBe(40_960);
  expect(chosen(24_000_000, 256)).toBe(11_718);
  expect(chosen(400_000, 2)).toBe(25_000);
  expect(chosen(4000, 4)).toBe(1024);
  expect(chosen(0, 0)).toBe(1024);
});

it("is small on one channel, and what the operator says on any", () => {
  expect(chooseBufferKb("auto", false, { memAvailableKb: 24_000_000, cpus: 2 })).toBe(8192);
  expect(chooseBufferKb(64, true, { memAvailableKb: 0, cpus: 2 })).toBe(64);
});
