import { Command, Option } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { DEFAULT_LEAK_ROUNDS, ROUNDS_NEEDED } from "../model/workload-rounds.ts";
import { addArmOptions, TARGETS } from "./add-arm-options.ts";
import { KERNEL_OPTIONS } from "./kernel-option.ts";

/** `kmemtap run TARGET -- COMMAND`: what a workload allocates, and what it leaves behind. */
export function runCommand(exit: (code: ExitCode) => void) {
  return addArmOptions(new Command("run"))
    .description("scope a capture to a workload: what each phase allocated and freed, and what it left behind")
    .argument("<TARGET>", TARGETS)
    .argument("[COMMAND...]", "the workload, behind --, where there is but one phase")
    .option("--phase <NAME=COMMAND>", "a phase, a line of sh; may be repeated", collect)
    .option(
      "--repeat <N>",
      `run the workload N times and tell what grows in every round from what stays: ${ROUNDS_NEEDED} (default: 1; with --fail-on-leak: ${DEFAULT_LEAK_ROUNDS})`,
    )
    .option("--settle <TIME>", "wait after each round for what is freed late (default: 1s)")
    .addOption(new Option("--scope <SCOPE>", "whose events (default: system)").choices(["system", "process"] as const))
    .option("--addresses", "list the addresses of what was left")
    .option(
      "--fail-on-leak",
      `run ${DEFAULT_LEAK_ROUNDS} rounds unless --repeat says how many; exit with 1 on a leak or a command that failed, with 4 where the verdict is unsafe`,
    )
    .option("--json", "print the whole result (kmemtap.workload/1)")
    .option("-o, --output <FILE>", "where to write the result (default: standard output)")
    .option(...KERNEL_OPTIONS.kernel)
    .option(...KERNEL_OPTIONS.kallsyms)
    .option(...KERNEL_OPTIONS.force)
    .addHelpText(
      "after",
      `
The commands run on the target. What they print goes to stderr here, behind "|", the result to stdout.

Examples:
  kmemtap run ssh://root@board -- modprobe ext4
  kmemtap run qemu: --phase load='modprobe vfat' --phase unload='rmmod vfat fat'
  kmemtap run local: --repeat 5 --fail-on-leak -- ./test.sh`,
    )
    .action(async (target, command, options) => {
      const { runWorkload } = await import("./run-workload.ts");
      exit(await runWorkload(target, command, options));
    });
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
