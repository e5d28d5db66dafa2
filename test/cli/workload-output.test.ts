/** A workload's output beside what kmemtap says of it. */
import { expect, it } from "vitest";
import { WorkloadOutput } from "../../src/cli/workload-output.ts";

function written(use: (output: WorkloadOutput) => void): string {
  let all = "";
  use(new WorkloadOutput((text) => (all += text)));
  return all;
}

it.each([
  [["one\n", "two\n"], "  | one\n  | two\n"],
  [["lo", "ng", " line\n", "next\n"], "  | long line\n  | next\n"],
  [["a\nb", "c\n\n"], "  | a\n  | bc\n  | \n"],
  [["", "\n"], "  | \n"],
])("marks the lines of %j, and no piece twice", (pieces, marked) => {
  expect(written((output) => pieces.forEach((piece) => output.take(piece)))).toBe(marked);
});

it("ends a line that has no end before anything else is said, and none that has", () => {
  const all = written((output) => {
    output.take("part");
    output.endLine();
    output.endLine();
    output.take("next\n");
    output.endLine();
  });
  expect(all).toBe("  | part\n  | next\n");
});
