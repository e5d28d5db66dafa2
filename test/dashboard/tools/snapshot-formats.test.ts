import { expect, it } from "vitest";
import { NO_FILTER } from "../../../src/dashboard/callers/filter-callers.ts";
import { queryOf } from "../../../src/dashboard/tools/snapshot-formats.ts";

it("a download is of what the page shows", () => {
  expect(queryOf({ filter: NO_FILTER, attribute: "current_dynamic" })).toBe("");
  expect(queryOf({ filter: { ...NO_FILTER, text: " a b ", directory: "fs/fat" }, attribute: "static" })).toBe(
    "?text=a+b&directory=fs%2Ffat&a=static",
  );
});
