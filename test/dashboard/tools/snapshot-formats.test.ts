import { expect, it } from "vitest";
import { NO_FILTER } from "../../../src/dashboard/callers/filter-callers.ts";
import { queryOf } from "../../../src/dashboard/tools/snapshot-formats.ts";

it("a download is of what the page shows", () => {
  expect(queryOf({ filter: NO_FILTER, task: null, attribute: "current_dynamic" })).toBe("");
  const filter = { ...NO_FILTER, text: " a b ", directory: "fs/fat", kind: "64" } as const;
  expect(queryOf({ filter, task: "name:a b", attribute: "static" })).toBe(
    "?text=a+b&directory=fs%2Ffat&kind=64&comm=a+b&a=static",
  );
  expect(queryOf({ filter: NO_FILTER, task: "id:7", attribute: "current_dynamic" })).toBe("?task=7");
});
