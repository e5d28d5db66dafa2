import { Command, Option } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { ORDER_CHOICES, ORDER_WORDS } from "../report/order.ts";
import { DIFFERENCE_OPTIONS, RINGS_ATTR } from "./difference-options.ts";
import { KERNEL_OPTIONS } from "./kernel-option.ts";
import { RINGS_THEME } from "./rings-options.ts";

/** `kmemtap diff A B`: what grew from one account to the other. */
export function diffCommand(exit: (code: ExitCode) => void) {
  return new Command("diff")
    .description("compare two accounts: what holds more memory in B than in A, by function and by module or directory")
    .argument(
      "<A>",
      "a snapshot (--json), a trace, a trace.dat, a recording; FILE@5s as it was 5 s after its first event, FILE@mount its phase",
    )
    .argument("<B>", "the same; FILE#2 is the second run of a recording, - is a trace on standard input")
    .option("--at <TIME>", "compare both as they were so long after their first event: 5s, 1500ms")
    .option("--from <TIME>", "compare what both allocated from this time on, since their first event: 2s, 150ms")
    .option("--to <TIME>", "compare what both allocated before this time")
    .option("--phase <NAME>", "compare what this phase of both allocated (NAME@2: of the second round)")
    .option("--residue", "compare what a workload left: of recordings of run, and of what run --json printed")
    .option(
      "--fail-over <BYTES>",
      "exit with 1 when B's net has grown by more: 4k, 1m; with 4 when that cannot be told",
    )
    .option("--budgets <FILE>", "the same by directory, module and caller, from a YAML file")
    .option("--noise <BYTES>", "what a function may differ by without being called a difference (default: 2k)")
    .addOption(
      new Option("-o, --order-by <ATTRIBUTE>", "what to compare and order by")
        .choices(ORDER_CHOICES)
        .default("net" as const),
    )
    .option("--top <N>", "rows of a table (default: 20)")
    .option(...KERNEL_OPTIONS.kernel)
    .option("--kernel-b <PATH>", "with -k: B's, where it is of another build")
    .option(...KERNEL_OPTIONS.branch)
    .option(...KERNEL_OPTIONS.force)
    .option(...DIFFERENCE_OPTIONS.ringsFile)
    .option(...DIFFERENCE_OPTIONS.sideBySide)
    .addOption(RINGS_ATTR)
    .addOption(RINGS_THEME)
    .option("--sites", "each call site of a function with several")
    .option("--json", "print the difference as JSON (kmemtap.diff/1)")
    .option("--malloc", "compare kmalloc only")
    .option("--cache", "compare kmem_cache only")
    .option("--memory-mb <MB>", "what the live objects may take, MiB (default: 1024); more are not followed")
    .option("--strict", "exit with 4 when one of the accounts is not exact")
    .addHelpText(
      "after",
      `
Functions match by name and module, whatever build they are of. What both have and what differs by --noise or less is noise, and
what one of them alone has by an eighth of that, unless it is too much together; --noise 0 counts every byte.

Examples:
  kmemtap diff before.trace after.trace              what grew
  kmemtap diff night.kmemtap@2s night.kmemtap@5s     two moments of a recording
  kmemtap diff run.kmemtap@mount run.kmemtap@mount@2 a phase of a workload, of its first and its second round
  kmemtap diff base.json new.json --fail-over 4k     for CI: 0 within, 1 over, 4 inconclusive
  kmemtap diff base.kmemtap new.kmemtap --residue --fail-over 64k   what two runs of a workload left
  kmemtap diff base.json new.json --budgets memory.yaml
  kmemtap diff a.trace b.trace -k /usr/lib/debug -r change.svg   by directory, and as a picture
  kmemtap diff a.trace b.trace -o allocs             who allocates more often`,
    )
    .action(async (a, b, options) => {
      const { runDiff } = await import("./run-diff.ts");
      exit(await runDiff(a, b, { ...options, orderBy: ORDER_WORDS[options.orderBy] }));
    });
}
