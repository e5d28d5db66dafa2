import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { TARGETS } from "./add-arm-options.ts";

/** `kmemtap doctor TARGET`: what a target is and can do, and what to change. */
export function doctorCommand(exit: (code: ExitCode) => void) {
  return new Command("doctor")
    .description("look at a target: what it can do, what is in the way, and what to do about it")
    .argument("<TARGET>", TARGETS)
    .option(
      "--buffer-kb <KB>",
      "ring buffer of each CPU that a capture would have, KiB (default: by its memory, 40960 at most)",
    )
    .option("--clean", "remove what a kmemtap that was killed left on the target")
    .option("--json", "print the findings as JSON (kmemtap.doctor/1)")
    .option("--config <FILE>", "configuration to read")
    .addHelpText(
      "after",
      `
Exit status: 0 when the target can be captured, 3 when there is a problem. Changes nothing that stays, but for --clean.

Examples:
  kmemtap doctor local:
  kmemtap doctor ssh://root@board
  kmemtap doctor 'serial:///dev/ttyUSB0?baud=115200&user=root' --json`,
    )
    .action(async (target, options) => {
      const { runDoctor } = await import("./run-doctor.ts");
      exit(await runDoctor(target, options));
    });
}
