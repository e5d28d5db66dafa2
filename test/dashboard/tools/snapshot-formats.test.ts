import { expect, it } from "vitest";
import { NO_FILTER } from "../../../src/dashboard/callers/filter-callers.ts";
import { notInFiles, queryOf } from "../../../src/dashboard/tools/snapshot-formats.ts";

it("a download is of what the page shows", () => {
  expect(queryOf({ filter: NO_FILTER, attribute: "current_dynamic" })).toBe("");
  expect(queryOf({ filter: { ...NO_FILTER, text: " a b ", directory: "fs/fat" }, attribute: "static" })).toBe(
    "?text=a+b&directory=fs%2Ffat&a=static",
  );
});

it("a download says what it is not filtered by", () => {
  expect(notInFiles({ filter: { ...NO_FILTER, text: "a" }, task: null })).toBeUndefined();
  expect(notInFiles({ filter: { ...NO_FILTER, kind: "64" }, task: null })).toBe("A file has callers of every kind.");
});
