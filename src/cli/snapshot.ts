import { Command, Option } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { ORDER_CHOICES, ORDER_WORDS } from "../report/order.ts";
import { addArmOptions, TARGETS } from "./add-arm-options.ts";
import { DUMP_FORMATS } from "./headless/dump-format-names.ts";
import { KERNEL_OPTIONS } from "./kernel-option.ts";
import { ListOption } from "./list-option.ts";

/** `kmemtap snapshot TARGET`: capture for a while, print what is held; or write files as it goes. */
export function snapshotCommand(exit: (code: ExitCode) => void) {
  return addArmOptions(new Command("snapshot"))
    .description("capture a target for a while and print who holds the memory then, or write files while it goes on")
    .argument("<TARGET>", `${TARGETS}; or a running kmemtap, http://127.0.0.1:8642/TARGET`)
    .option("--for <TIME>", "how long to capture: 20s, 500ms, 2m (default: until Ctrl-C)")
    .option("--json", "print the whole snapshot (kmemtap.snapshot/1) instead of the table")
    .option("-o, --output <FILE>", "where to write it (default: standard output); a directory where files are written")
    .addOption(new Option("--order-by <ATTRIBUTE>", "order of the callers (default: net)").choices(ORDER_CHOICES))
    .option("--every <TIME>", "write files into -o DIR, each time so long after the last: 5s, 1m; and at the end")
    .option("--at-overrun", "write files when events are lost")
    .option("--on-signal", "write files on SIGUSR1")
    .option(
      "--when <CONDITION>",
      "write files when it comes true (may be repeated): net, requested, waste, objects, callers, lost or rate, " +
        "then > < >= or <=, then a number: 'net > 64M'",
      collect,
    )
    .option(
      "--from <S>",
      "of a running kmemtap: what changed from this second of the trace clock on, as its page has it",
    )
    .option("--to <S>", "of a running kmemtap: what changed up to this second of the trace clock")
    .addOption(
      new ListOption(
        "--format <LIST>",
        `of the files: ${DUMP_FORMATS.join(",")} (default: json); with --from or --to one of callers, json, csv, svg, png, pprof`,
        DUMP_FORMATS,
      ),
    )
    .option("--token-file <FILE>", "of a running kmemtap that asks for a token: a file with it on its first line")
    .option("--console <FILE>", "console log of the same boot with tp_printk lines, for file: and replay:")
    .option(
      "--tasks",
      "print which task (process, by pid and name) allocated what is held, in place of callers; with --json both, and the callers of each task",
    )
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
  kmemtap snapshot 'serial:///dev/ttyUSB0?baud=115200' --for 1m --mode hist
  kmemtap snapshot local: --for 60s --every 5s -o night --format account,json,pprof
  kmemtap snapshot ssh://root@board --when 'net > 64M' --at-overrun -o night   until Ctrl-C
  kmemtap snapshot http://127.0.0.1:8642/board --every 1m -o night   of a kmemtap that runs
  kmemtap snapshot http://127.0.0.1:8642/board --from 12.5 --to 60 --format csv   what changed between two moments of it`,
    )
    .action(async (target, given) => {
      const { orderBy: word, ...others } = given;
      const options = { ...others, ...(word !== undefined && { orderBy: ORDER_WORDS[word] }) };
      const { isDump, isServer } = await import("./headless/dump-options.ts");
      if (options.from !== undefined || options.to !== undefined) {
        const { printWindow } = await import("./headless/print-window.ts");
        exit(await printWindow(target, options));
      } else if (isDump(options)) {
        const { runDump } = await import("./headless/run-dump.ts");
        exit(await runDump(target, options));
      } else if (isServer(target)) {
        const { printServer } = await import("./headless/print-server.ts");
        exit(await printServer(target, options));
      } else {
        const { runSnapshot } = await import("./run-snapshot.ts");
        exit(await runSnapshot(target, options));
      }
    });
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
