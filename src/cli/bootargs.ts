import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { TARGETS } from "./add-arm-options.ts";

/** `kmemtap bootargs [TARGET]`: the kernel command line of a boot capture, and an initramfs that forwards it. */
export function bootargsCommand(exit: (code: ExitCode) => void) {
  return new Command("bootargs")
    .description("print the kernel command line that traces a boot from its start, each parameter with its reason")
    .argument("[TARGET]", `whose kernel and memory to go by: ${TARGETS}`)
    .option("--rate <EVENTS>", "events a second to expect (default: 40000)")
    .option("--seconds <S>", "seconds until the buffer is read (default: 10)")
    .option("--tp-printk", "print the events on the console as well, from before tracing can be read")
    .option(
      "--initramfs <FILE>",
      "write an initramfs that forwards the trace to --port; compressed where the name ends in .gz",
    )
    .option("--onto <INITRD>", "with --initramfs: put the agent before this initrd, and hand over to its /init")
    .option("--kernel <DIR>", "with --initramfs: the kernel's modules, a directory such as /lib/modules/6.1.0-9-amd64")
    .option("--port <DEVICE>", "device below /dev that the initramfs forwards the trace to (default: ttyS0)")
    .option("--console <DEVICE>", "the kernel's console, another port than the trace's")
    .option("--plain", "print the line alone, for scripts")
    .option("--json", "print it as JSON (kmemtap.bootargs/1)")
    .option("--config <FILE>", "configuration to read")
    .addHelpText(
      "after",
      `
Examples:
  kmemtap bootargs ssh://root@board                    for that kernel, its buffer within that memory
  qemu-system-x86_64 … -append "$(kmemtap bootargs --plain) root=/dev/vda1"
  kmemtap bootargs --initramfs tap.cpio --console ttyS1
      boots by itself (QEMU: -initrd tap.cpio -serial file:/tmp/trace.log -serial stdio)
  kmemtap bootargs --initramfs tap.img --onto /boot/initrd.img-6.1.0-9-amd64 --port ttyS1
      a system's own initrd with the agent before it: forwards the trace while that system boots`,
    )
    .action(async (target, options) => {
      const { runBootargs } = await import("./run-bootargs.ts");
      exit(await runBootargs(target, options));
    });
}
