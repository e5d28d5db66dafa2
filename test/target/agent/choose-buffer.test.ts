/** How large the ring buffers become where nobody said. */
import { expect, it } from "vitest";
import { chooseBufferKb, chooseSubBufferKb } from "../../../src/target/agent/choose-buffer.ts";

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

it("reads this machine in larger pieces than a page, where its kernel has them", () => {
  const sizes = (release: string) => chooseSubBufferKb("auto", "local", { release });
  expect(["6.18.44", "6.8.0-rc1", "7.2.1+deb14-amd64"].map(sizes)).toEqual([16, 16, 16]);
  expect(["6.7.12", "6.1.0-44-cloud-amd64", "5.10.0", "3.16.0", ""].map(sizes)).toEqual([0, 0, 0, 0, 0]);
  expect(chooseSubBufferKb("auto", "ssh", { release: "6.18.44" })).toBe(0);
  expect(chooseSubBufferKb(64, "ssh", { release: "5.10.0" })).toBe(64);
  expect(chooseSubBufferKb(0, "local", { release: "6.18.44" })).toBe(0);
});
