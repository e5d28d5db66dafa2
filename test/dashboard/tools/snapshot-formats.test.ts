import { expect, it } from "vitest";
import { NO_FILTER } from "../../../src/dashboard/callers/filter-callers.ts";
import { queryOf } from "../../../src/dashboard/tools/snapshot-formats.ts";

it("a download is of what the page shows", () => {
  expect(queryOf("csv", { filter: NO_FILTER, task: null, attribute: "current_dynamic", window: null })).toBe("");
  const filter = { ...NO_FILTER, text: " a b ", directory: "fs/fat", kind: "64" } as const;
  expect(queryOf("svg", { filter, task: "name:a b", attribute: "static", window: null })).toBe(
    "?text=a+b&directory=fs%2Ffat&kind=64&comm=a+b&a=static",
  );
  expect(queryOf("csv", { filter: NO_FILTER, task: "id:7", attribute: "current_dynamic", window: null })).toBe(
    "?task=7",
  );
  const window = { filter: NO_FILTER, task: null, attribute: "current_dynamic", window: { min: 1.5, max: 9 } } as const;
  const of = (extension: string) => queryOf(extension, window);
  expect(["json", "csv", "png", "pb.gz", "txt", "slab-account.txt"].map(of)).toEqual([
    ...Array<string>(4).fill("?from=1.5&to=9"),
    "",
    "",
  ]);
  const wasted = { ...window, attribute: "waste" } as const;
  expect(["svg", "txt"].map((extension) => queryOf(extension, wasted))).toEqual(["?from=1.5&to=9", "?a=waste"]);
});
