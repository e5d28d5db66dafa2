import { expect, it } from "vitest";
import { filterOf } from "../../src/cli/account-filter.ts";

it("--malloc and --cache together, or neither, account everything, as in trace_analyze", () => {
  expect(filterOf({})).toBe("all");
  expect(filterOf({ malloc: true })).toBe("malloc");
  expect(filterOf({ cache: true })).toBe("cache");
  expect(filterOf({ malloc: true, cache: true })).toBe("all");
});
