import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { posixCksum } from "../../../src/target/console/posix-cksum.ts";

describe("posixCksum", () => {
  it("prints what cksum prints", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: "max" }), (data) => {
        const [sum] = spawnSync("cksum", { input: data }).stdout.toString().split(" ");
        expect(String(posixCksum(data))).toBe(sum);
      }),
      { numRuns: 25 },
    );
  });

  it("knows the empty one", () => {
    expect(posixCksum(new Uint8Array(0))).toBe(4294967295);
  });
});
