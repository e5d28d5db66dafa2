import { Command, Option } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { ORDER_CHOICES, ORDER_WORDS } from "../report/order.ts";
import { GROUP_CHOICES } from "./group-options.ts";
import { KERNEL_OPTIONS } from "./kernel-option.ts";
import { addRingsOptions } from "./rings-options.ts";
import { WRAPPERS_OPTION } from "./wrappers-option.ts";

/** `kmemtap report FILE…`: the account of a recorded trace. */
export function reportCommand(exit: (code: ExitCode) => void) {
  const command = new Command("report")
    .description("account a recorded trace: who held the memory at its end")
    .argument(
      "[FILES...]",
      "text of `trace` or `trace_pipe`, a trace.dat, also .gz; what --record kept; - is standard input",
    )
    .option("-f, --file <FILE>", "a trace to read, as trace_analyze names it (may be repeated)", collect)
    .option(
      "--console <FILE>",
      "console log of the same boot with tp_printk lines, joined with the trace (- reads standard input)",
    )
    .option("-c, --account-file <FILE>", "write the account, in trace_analyze's layout (- is standard output)")
    .option("-l, --callers-file <FILE>", "write caller, net bytes and waste, a line each")
    .option(
      "--slab-account [FILE]",
      "write the layout of the /proc/slab_account patch: cumulative, frees by the freeing caller",
    )
    .option("--pprof <FILE>", "write a heap profile for go tool pprof and others, FILE.pb.gz (- is standard output)")
    .option("--json", "print the snapshot as JSON (kmemtap.snapshot/1; with --workload kmemtap.workload/1)")
    .option("--lifetimes", "with --json: who frees each caller's objects, how long they lived, how old the rest are")
    .option(
      "--tasks",
      "print which task allocated what is held, in place of callers; with --json both, and the callers of each task",
    )
    .addOption(new Option("-o, --order-by <ATTRIBUTE>", "order of the callers (default: net)").choices(ORDER_CHOICES))
    .addOption(
      new Option("--by <WHAT>", "put callers together: directory and file (with -k), module, function").choices(
        GROUP_CHOICES,
      ),
    )
    .option("--depth <N>", "with --by directory or file: so many parts of the path (fs/ext4 is in fs at 1)")
    .option("--top <N>", "with --by: rows of the table (default: all)")
    .option(...WRAPPERS_OPTION)
    .option("--malloc", "account kmalloc only")
    .option("--cache", "account kmem_cache only")
    .option(...KERNEL_OPTIONS.kernel)
    .option(...KERNEL_OPTIONS.branch)
    .addOption(new Option(...KERNEL_OPTIONS.startBranch).hideHelp())
    .option(...KERNEL_OPTIONS.lines)
    .option(...KERNEL_OPTIONS.kallsyms)
    .option(...KERNEL_OPTIONS.force)
    .option("--run <N>", "of a capture with several boots or modes, this one (default: the last)")
    .option("--from <TIME>", "account what came from this time on, since the first event: 2s, 150ms")
    .option("--to <TIME>", "account what came before this time")
    .option("--phase <NAME>", "of what `run --record` kept: account this phase (NAME@2: of the second round)")
    .option(
      "--workload",
      "of what `run --record` kept: print what run printed: its phases, what they left, the verdict",
    )
    .option("--addresses", "with --workload: list the addresses of what was left")
    .option("--memory-mb <MB>", "what the live objects may take, MiB (default: 1024); more are not followed")
    .option("--strict", "exit with 4 when the account is not exact");
  return addRingsOptions(command)
    .addHelpText(
      "after",
      `
With none of -c, -l, -r, -i, --slab-account, --pprof, --tasks and --json, the account is printed.

Examples:
  kmemtap report boot.trace                      who held the memory at the end
  kmemtap report trace.dat                       what trace-cmd record -e kmem --compression none wrote
  kmemtap report -f boot.trace -c - -o waste     ordered by what is wasted
  kmemtap report serial.log.gz --json --strict   for a script; fails when events were lost
  kmemtap report boot.trace --tasks              which process holds the memory
  kmemtap report boot.trace -r boot.svg -a waste   a picture of who wastes memory
  kmemtap report console.log                     the tp_printk lines of a console, where there is no trace
  kmemtap report boot.trace --pprof boot.pb.gz   then go tool pprof -http : boot.pb.gz
  kmemtap report night.kmemtap --from 2s --to 5s   three seconds of it
  kmemtap report night.kmemtap                   what \`kmemtap live … --record night.kmemtap\` kept
  kmemtap report boot.trace -k /usr/lib/debug   with file and line of each caller
  kmemtap report boot.trace -k ~/linux -b fs/ext4   what fs/ext4 holds
  kmemtap report boot.trace -k ~/linux --by directory --depth 2   who holds memory, by source directory
  kmemtap report load.kmemtap --workload         what \`kmemtap run … --record load.kmemtap\` printed
  kmemtap report --console console.log boot.trace   both of one boot, each event counted once
  ssh board cat /sys/kernel/tracing/trace | kmemtap report -`,
    )
    .action(async (positional, options) => {
      const { runReport } = await import("./run-report.ts");
      const files = [...(options.file ?? []), ...positional];
      const { orderBy: word, ...others } = options;
      exit(await runReport(files, { ...others, ...(word !== undefined && { orderBy: ORDER_WORDS[word] }) }));
    });
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
