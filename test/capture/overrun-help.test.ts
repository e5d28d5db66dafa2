/** What is advised against overruns can be done, and together with what the capture was started with. */
import { expect, it } from "vitest";
import { type ArmCommandOptions, armOptions } from "../../src/cli/arm-options.ts";
import { configSchema } from "../../src/cli/config.ts";
import { overrunHelp } from "../../src/capture/overrun-help.ts";
import { planOf } from "../support/agent-source.ts";

const helpOf = (options: readonly string[], facts = {}, bytesPerSecond?: number) =>
  overrunHelp({ ...planOf("text", facts), options, bytesPerSecond });

it("names a size that is larger, and other ways where there are some", () => {
  expect(helpOf(["buffer_kb=8192"])).toBe(
    "a larger buffer (--buffer-kb 16384, twice what it is; --on-overrun grow), or --mode hist",
  );
  expect(helpOf(["buffer_kb=8192"], { hist: false }, 11_520)).toBe(
    "a larger buffer (--buffer-kb 16384, twice what it is; --on-overrun grow), or a faster link",
  );
  expect(overrunHelp(undefined)).toBe("a larger buffer (--buffer-kb; --on-overrun grow)");
});

it("of a capture with stacks is to do without, and never a mode that stacks cannot be had in", () => {
  const help = helpOf(["buffer_kb=8192", "stacks=1"]);
  expect(help).toContain("no --stacks: a stack takes more room than its event");
  // Would it be advised, the command would refuse it.
  const both: ArmCommandOptions = { stacks: true, mode: "hist" };
  expect(() => armOptions(both, configSchema.parse({}))).toThrow("--stacks with --mode hist");
  expect(help).not.toContain("hist");
  expect(helpOf(["buffer_kb=8192", "bulk=1"])).not.toContain("hist");
});
