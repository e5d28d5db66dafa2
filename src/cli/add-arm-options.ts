import type { Command } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import { MODES, OVERRUN_POLICIES } from "./arm-words.ts";
import { WRAPPERS_OPTION } from "./wrappers-option.ts";

/** What TARGET may be, for help texts. */
export const TARGETS =
  "a name from the configuration, or local:, ssh://root@HOST, serial:///dev/ttyUSB0?baud=115200, pty:///dev/pts/3, " +
  "unix:///PATH, tcp://HOST:PORT, qemu:, file:///PATH, replay:///PATH?speed=N";

/** The options of every command that arms a target. */
export function addArmOptions<A extends unknown[], O extends Record<string, unknown>>(command: Command<A, O>) {
  return command
    .addOption(new Option("--mode <MODE>", "how to read the target (default: auto)").choices(MODES))
    .addOption(
      new Option("--on-overrun <WHAT>", "when a ring buffer overruns (default: alert)").choices(OVERRUN_POLICIES),
    )
    .option("--buffer-kb <KB>", "ring buffer of each CPU on the target, KiB (default: by its memory, 40960 at most)")
    .option(
      "--sub-buffer-kb <KB>",
      "mode raw: what a ring buffer is read in, KiB, Linux 6.8 and later (default: 16 on this machine, else a page)",
    )
    .option("--poll-ms <MS>", "milliseconds between looks at the ring buffers, or at the sums in mode hist")
    .option("--hist-keys <N>", "mode hist: live pointers that a map can hold, a power of two (default: by memory)")
    .option("--memory-mb <MB>", "what the live objects may take here, MiB (default: 1024); more are not followed")
    .option("--exact-slabs", "have CPUs give back free objects before slabs are counted (see docs/hidden-frees.md)")
    .option("--allocinfo", "read /proc/allocinfo over a serial line, too, where it is (see docs/hidden-frees.md)")
    .option("--bulk", "follow frees that raise no event (kfree_rcu, bulk) by kprobes (see docs/hidden-frees.md)")
    .option("--record <FILE>", "keep what comes from the target, as it comes; kmemtap report reads it")
    .option("--stacks", "have each allocation followed by its stack, to charge callers past wrappers (docs/stacks.md)")
    .option(...WRAPPERS_OPTION)
    .option("--malloc", "account kmalloc only")
    .option("--cache", "account kmem_cache only")
    .option("--config <FILE>", "configuration to read")
    .option("-v, --verbose", "log how the capture goes as well, not only what somebody can do something about")
    .option("--strict", "exit with 4 when the account is not exact at the end");
}
