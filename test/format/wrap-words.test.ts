import fc from "fast-check";
import { expect, it } from "vitest";
import { wrapWords } from "../../src/format/wrap-words.ts";

it("breaks at spaces, and a word only where it is longer than a line", () => {
  expect(wrapWords("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrapWords("a threehundred b", 5)).toEqual(["a", "three", "hundr", "ed b"]);
  expect(wrapWords("a threehundred b", 5, (word) => [word.slice(0, 4)])).toEqual(["a", "thre", "b"]);
  expect(wrapWords("", 5)).toEqual([""]);
});

it("loses nothing, and has no line that is too long", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      const lines = wrapWords(text, width);
      for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(width);
      expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});
