/** What is advised against overruns can be done, and together with what the capture was started with. */
import { expect, it } from "vitest";
import { type ArmCommandOptions, armOptions, withTargetOptions } from "../../src/cli/arm-options.ts";
import { configSchema } from "../../src/cli/config.ts";
import { overrunHelp } from "../../src/capture/overrun-help.ts";
import { OverrunWatch } from "../../src/capture/overrun-watch.ts";
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

it("sizes the buffer by what was lost, where that is known and the target has the memory", () => {
  const plan = (memAvailableKb: number) => ({
    ...planOf("text", { memAvailableKb, cpus: 2 }),
    options: ["buffer_kb=31"],
  });
  expect(overrunHelp(plan(1_000_000), "options", 20_000)).toContain(
    "(--buffer-kb 32768, which has room for what was lost;",
  );
  expect(overrunHelp(plan(1_000_000), "options", 40)).toContain("(--buffer-kb 62, twice what it is;");
  expect(overrunHelp(plan(64_000), "options", 20_000)).toContain(
    "--buffer-kb 62, twice what it is, though what was lost takes more than its memory allows",
  );
  // 406,894 events of 64 bytes, as those that are in it, beside the 31 KiB themselves.
  const watch = new OverrunWatch();
  const needed: (number | undefined)[] = [];
  watch.help = (neededKb) => {
    needed.push(neededKb);
    return "";
  };
  const [sizeBytes, counts] = [31 * 1024, { overrun: 406_894, commitOverrun: 0, droppedEvents: 0, readEvents: 0 }];
  watch.hear({ cpu: 0, entries: 480, bytes: 480 * 64, oldestNs: 1, nowNs: 2, sizeBytes, ...counts }, 0);
  expect(needed).toEqual([(31 * 1024 + 406_894 * 64) / 1024]);
});

it("of a daemon's target is in words of the configuration, which takes them", () => {
  const plan = { ...planOf("text", {}), options: ["buffer_kb=64"], bytesPerSecond: 11_520 };
  expect(overrunHelp(plan, "configuration")).toBe(
    "a larger buffer (overrun.bufferKb: 128, twice what it is; the target's onOverrun: grow), or a faster link, or the target's mode: hist",
  );
  const targets = { board: { url: "local:", onOverrun: "grow", mode: "hist" } };
  const config = configSchema.parse({ targets, overrun: { bufferKb: 128 } });
  const options = withTargetOptions<ArmCommandOptions>({}, "board", config);
  expect(armOptions(options, config)).toMatchObject({ bufferKb: 128, mode: "hist", growKb: 262_144 });
  // The command line says otherwise.
  expect(withTargetOptions<ArmCommandOptions>({ mode: "text" }, "board", config)).toEqual({
    mode: "text",
    onOverrun: "grow",
  });
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
