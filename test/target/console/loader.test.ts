import { describe, expect, it } from "vitest";
import { loaderText, LOOP_FUNCTIONS, QUIET_TERMINAL, TERMINAL_FACTS } from "../../../src/target/console/loader.ts";

describe("what is typed into a target", () => {
  it("fits lines of 255 characters, with number and check", () => {
    for (const line of [...LOOP_FUNCTIONS, TERMINAL_FACTS, QUIET_TERMINAL])
      expect(line).toMatch(/^[\x20-\x7e]{1,220}$/);
  });

  it("is a loader that may stand in single quotes of an interactive shell", () => {
    for (const check of ["cksum", "length"] as const) expect(loaderText(check)).toMatch(/^[^'!\n\t]+$/);
  });
});
