/** What the text and a chart say first of a difference: how many functions, and bytes that add up. */
import { expect, it } from "vitest";
import { compareSnapshots } from "../../../src/report/diff/compare-snapshots.ts";
import { countedChanges } from "../../../src/report/diff/counted-changes.ts";
import { accountOf, accountOfLines } from "../../support/account.ts";
import { readFixture } from "../../support/recordings.ts";
import { alloc, head } from "../../support/trace-text.ts";

const held = (sizes: Readonly<Record<string, number>>) =>
  accountOfLines(
    Object.entries(sizes).map(([name, bytes], i) => {
      const ptr = (0x1000 * (i + 1)).toString(16).padStart(16, "0");
      return head() + alloc({ site: `${name}+0x1/0x9`, ptr, req: bytes, alloc: bytes });
    }),
  );

it("counts what is beyond noise by its way, and the rest as noise", () => {
  const a = held({ up: 10_000, down: 50_000, gone: 9000, much: 4096, little: 4096 });
  const b = held({ up: 30_000, down: 20_000, added: 7000, much: 4196, little: 4040 });
  expect(countedChanges(compareSnapshots(a, b))).toEqual([
    { kind: "new", functions: 1, bytes: 7000 },
    { kind: "grown", functions: 1, bytes: 20_000 },
    { kind: "shrunk", functions: 1, bytes: -30_000 },
    { kind: "gone", functions: 1, bytes: -9000 },
    { kind: "noise", functions: 2, bytes: 44 },
  ]);
});

it.each([0, 2048])("adds up to the difference of real boots, with noise up to %d bytes", (noiseBytes) => {
  const [a, b] = ["6.1-amd64", "6.12-amd64"].map((name) => accountOf(readFixture(name).text));
  const diff = compareSnapshots(a, b, { noiseBytes });
  const changes = countedChanges(diff);
  expect(changes.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(diff.delta.netBytes);
  expect(changes.some(({ kind }) => kind === "noise")).toBe(noiseBytes > 0);
});
