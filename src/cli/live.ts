import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { addArmOptions, TARGETS } from "./add-arm-options.ts";
import { KERNEL_OPTIONS } from "./kernel-option.ts";
import { LIFETIMES_OPTION, TASKS_OPTION } from "./besides-options.ts";

/** `kmemtap live TARGET`: stream, account, serve. */
export function liveCommand(exit: (code: ExitCode) => void) {
  return addArmOptions(new Command("live"))
    .description("watch a target live: the dashboard, and the same for programs, by WebSocket and HTTP")
    .argument("<TARGET>", TARGETS)
    .option("--serve <ADDR>", "HOST:PORT to serve on; what others can reach needs a token (default: 127.0.0.1:8642)")
    .option("--token-file <FILE>", "who has the token in FILE may look and act; nobody gets in without")
    .option("--read-only", "nobody acts on the target by way of the server")
    .option("--console <FILE>", "console log of the same boot with tp_printk lines, for file: and replay:")
    .option(...LIFETIMES_OPTION)
    .option(...TASKS_OPTION)
    .option(...KERNEL_OPTIONS.kernel)
    .option(...KERNEL_OPTIONS.kallsyms)
    .option(...KERNEL_OPTIONS.force)
    .addHelpText(
      "after",
      `
Examples:
  kmemtap live ssh://root@board                        logs in, arms the kmem events, watches, and puts everything back
  kmemtap live 'serial:///dev/ttyUSB0?baud=115200'     the same over a serial console
  qemu-system-x86_64 … -serial file:/tmp/serial.log    then, in the guest: cat /sys/kernel/tracing/trace_pipe >/dev/ttyS0
  kmemtap live file:///tmp/serial.log                  follows the file; it may not exist yet
  kmemtap live 'replay:///tmp/boot.trace.gz?speed=10'  plays a recording, ten times as fast`,
    )
    .action(async (target, options) => {
      // Loaded when it is needed: a report shall not wait for a web server.
      const { runLive } = await import("./run-live.ts");
      exit(await runLive(target, options));
    });
}
