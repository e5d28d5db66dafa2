import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { addArmOptions, TARGETS } from "./add-arm-options.ts";
import { KERNEL_OPTIONS } from "./kernel-option.ts";

/** `kmemtap snapshot TARGET`: capture for a while, print what is held. */
export function snapshotCommand(exit: (code: ExitCode) => void) {
  return addArmOptions(new Command("snapshot"))
    .description("capture a target for a while and print who holds the memory then")
    .argument("<TARGET>", TARGETS)
    .option("--for <TIME>", "how long to capture: 20s, 500ms, 2m (default: until Ctrl-C)")
    .option("--json", "print the whole snapshot (kmemtap.snapshot/1) instead of the table")
    .option("-o, --output <FILE>", "where to write it (default: standard output)")
    .option("--console <FILE>", "console log of the same boot with tp_printk lines, for file: and replay:")
    .option(...KERNEL_OPTIONS.kernel)
    .option(...KERNEL_OPTIONS.branch)
    .option(...KERNEL_OPTIONS.lines)
    .option(...KERNEL_OPTIONS.kallsyms)
    .option(...KERNEL_OPTIONS.force)
    .addHelpText(
      "after",
      `
Examples:
  kmemtap snapshot local: --for 20s                    this machine, as root
  kmemtap snapshot ssh://root@board --for 1m --json    the snapshot with mode, link and per-CPU stats
  kmemtap snapshot 'serial:///dev/ttyUSB0?baud=115200' --for 1m --mode hist`,
    )
    .action(async (target, options) => {
      const { runSnapshot } = await import("./run-snapshot.ts");
      exit(await runSnapshot(target, options));
    });
}
