import { expect, it } from "vitest";
import { type PhaseOutcome, phasesInWords, statusesInWords } from "../../../src/cli/control/phases-in-words.ts";

const phase = (part: Partial<PhaseOutcome>): PhaseOutcome => ({
  name: "a",
  statuses: [0],
  round: 1,
  output: "",
  ...part,
});

it.each([
  [[0], "a: exit status 0"],
  [[0, 0], "a: exit status 0 in 2 rounds"],
  [[0, 1, 0, null], "a: exit status 0 in 2 rounds, 1 in one round, unknown in one round"],
])("counts the rounds of %j by their exit status", (statuses, words) => {
  expect(phasesInWords([phase({ statuses })], "text")).toBe(words);
});

it("says that mode hist has run it, and cannot judge it", () => {
  const words = statusesInWords([phase({ statuses: [0, 0, 0] })], "hist");
  expect(words).toMatch(/^a: exit status 0 in 3 rounds; mode hist cannot judge what it left: --mode text can/);
});

it("tells what each phase printed under its name, in lines as they were", () => {
  const phases = [
    phase({ name: "load", output: "total 3\n  a  b\n\nc\n" }),
    phase({ name: "quiet", output: "\n" }),
    phase({ name: "use", statuses: [0, 1], round: 2, output: "\u001b[2Jx\n" }),
  ];
  expect(phasesInWords(phases, "raw").split("\n")).toEqual([
    "load: exit status 0; quiet: exit status 0; use: exit status 0 in one round, 1 in one round",
    "load printed:",
    "  total 3",
    "    a  b",
    "  ",
    "  c",
    "use printed in round 2:",
    "  ?[2Jx",
  ]);
});

it("cuts what is long at the beginning of a line", () => {
  const lines = Array.from({ length: 200 }, (_, i) => `line ${i}`);
  const told = phasesInWords([phase({ output: lines.join("\n") })], "raw").split("\n");
  expect(told.slice(1, 3)).toEqual(["a printed:", "  …"]);
  expect(told.length).toBeGreaterThan(40);
  expect(lines).toEqual(expect.arrayContaining(told.slice(3).map((line) => line.slice(2))));
  expect(told.at(-1)).toBe("  line 199");
  expect(phasesInWords([phase({ output: "x".repeat(2000) })], "raw")).toMatch(/…\n {2}x{600}$/);
});
