import { Command, Option } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { addArmOptions, TARGETS } from "./add-arm-options.ts";
import { KERNEL_OPTIONS } from "./kernel-option.ts";
import { ORDER_OF, type OrderName } from "./top/top-state.ts";
import { LIFETIMES_OPTION, TASKS_OPTION } from "./besides-options.ts";

/** `kmemtap top TARGET`: who holds the memory, on a terminal. */
export function topCommand(exit: (code: ExitCode) => void) {
  return addArmOptions(new Command("top"))
    .description("watch on a terminal who holds the memory: of a target, or of a kmemtap that runs already")
    .argument("<TARGET>", `${TARGETS}; or a running kmemtap, http://127.0.0.1:8642/TARGET`)
    .option("-d, --delay <TIME>", "between two pictures: 500ms, 2s (default: 1s)")
    .option("--for <TIME>", "how long to watch: 20s, 2m (default: until q)")
    .option("--once", "print it once, as text, and end: after 2 s, or --for, which rate and growth are of")
    .option("--rows <N>", "with --once: callers that are printed (default: all)")
    .option("--token-file <FILE>", "of a running kmemtap that asks for a token: a file with it on its first line")
    .option("--console <FILE>", "console log of the same boot with tp_printk lines, for file: and replay:")
    .addOption(
      new Option("-o, --order-by <ATTRIBUTE>", "what callers are ordered by until a key says otherwise")
        .choices(Object.keys(ORDER_OF) as readonly OrderName[])
        .default("net" as const),
    )
    .option(...TASKS_OPTION)
    .option(...LIFETIMES_OPTION)
    .option(...KERNEL_OPTIONS.kernel)
    .option(...KERNEL_OPTIONS.branch)
    .option(...KERNEL_OPTIONS.kallsyms)
    .option(...KERNEL_OPTIONS.force)
    .addHelpText(
      "after",
      `
Keys: n g w t p a f order by net, growth, waste, total, peak, allocs, frees; k goes to tasks and back; / finds; ? tells all of them; q ends.

Examples:
  kmemtap top local:                              this machine, as root
  kmemtap top ssh://root@board -d 2s
  kmemtap top http://127.0.0.1:8642/board         what kmemtap live or kmemtap daemon captures already
  kmemtap top local: -k /usr/lib/debug -b fs/ext4 -o allocs   what one directory of the source allocates most often
  kmemtap top local: --tasks                      then k: which process holds it
  kmemtap top local: --once --for 5s --rows 20    for a pipe`,
    )
    .action(async (target, options) => {
      const { runTop } = await import("./top/run-top.ts");
      exit(await runTop(target, options));
    });
}
