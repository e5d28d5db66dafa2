import { expect, it } from "vitest";
import { phasesInWords } from "../../../src/cli/control/phases-in-words.ts";

it.each([
  [[0], "a: exit status 0"],
  [[0, 0], "a: exit status 0 in 2 rounds"],
  [[0, 1, 0, null], "a: exit status 0 in 2 rounds, 1 in one round, unknown in one round"],
])("counts the rounds of %j by their exit status", (statuses, words) => {
  expect(phasesInWords(new Map([[{ name: "a" }, statuses]]), "", "text")).toBe(words);
});

it("says that mode hist has run it, and cannot judge it", () => {
  const words = phasesInWords(new Map([[{ name: "a" }, [0, 0, 0]]]), "", "hist");
  expect(words).toMatch(/^a: exit status 0 in 3 rounds; mode hist cannot judge what it left: --mode text can/);
});
