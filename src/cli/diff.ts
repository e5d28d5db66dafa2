import { Command, Option } from "@commander-js/extra-typings";
import type { DiffVerdict } from "../model/diff.ts";
import { ExitCode } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { compareSnapshots } from "../report/diff/compare-snapshots.ts";
import { formatDiff } from "../report/diff/diff-report.ts";
import type { Budget } from "../report/diff/judge.ts";
import { knowsSources } from "../report/diff/source-of.ts";
import { ORDER_BY } from "../report/order.ts";
import { filterOf } from "./account-filter.ts";
import { memoryMbOf, numberOf, usage } from "./arm-options.ts";
import { readBudgets } from "./budgets.ts";
import { byteSizeOf } from "./byte-size.ts";
import { readSide } from "./read-side.ts";
import { writeOutput } from "./write-output.ts";

const DEFAULT_TOP = 20;
const STATUS: Readonly<Record<DiffVerdict, ExitCode>> = {
  within: ExitCode.done,
  over: ExitCode.gateFailed,
  inconclusive: ExitCode.eventsLost,
};

/** `kmemtap diff A B`: what grew from one account to the other. */
export function diffCommand(exit: (code: ExitCode) => void) {
  return new Command("diff")
    .description("compare two accounts: what holds more memory in B than in A, by function and by module or directory")
    .argument(
      "<A>",
      "a snapshot (--json), a trace, a trace.dat, a recording; FILE@5s as it was 5 s after its first event",
    )
    .argument("<B>", "the same; FILE#2 is the second run of a recording, - is a trace on standard input")
    .option("--at <TIME>", "compare both as they were so long after their first event: 5s, 1500ms")
    .option("--fail-over <BYTES>", "exit with 1 when B's net has grown by more: 4k, 1m; with 4 when events were lost")
    .option("--budgets <FILE>", "the same by directory, module and caller, from a YAML file")
    .option("--noise <BYTES>", "what a function may differ by without being called a difference (default: 2k)")
    .addOption(
      new Option("-o, --order-by <ATTRIBUTE>", "what to compare and order by")
        .choices(ORDER_BY)
        .default("current_dynamic" as const),
    )
    .option("--top <N>", `rows of a table (default: ${DEFAULT_TOP})`)
    .option("--sites", "each call site of a function with several")
    .option("--json", "print the difference as JSON (kmemtap.diff/1)")
    .option("--malloc", "compare kmalloc only")
    .option("--cache", "compare kmem_cache only")
    .option("--memory-mb <MB>", "what the live objects may take, MiB (default: 1024); more are not followed")
    .option("--strict", "exit with 4 when one of the accounts is not exact")
    .addHelpText(
      "after",
      `
Functions match by name and module, whatever build they are of. What both have and what differs by --noise or less is noise, unless
it is too much together; --noise 0 counts every byte.

Examples:
  kmemtap diff before.trace after.trace              what grew
  kmemtap diff night.kmemtap@2s night.kmemtap@5s     two moments of a recording
  kmemtap diff base.json new.json --fail-over 4k     for CI: 0 within, 1 over, 4 inconclusive
  kmemtap diff base.json new.json --budgets memory.yaml
  kmemtap diff a.trace b.trace -o alloc_count        who allocates more often`,
    )
    .action(async (a, b, options) => {
      if (a === "-" && b === "-") throw usage("standard input cannot be both sides", "give one of them as a file");
      const failOver = byteSizeOf("--fail-over", options.failOver);
      const noiseBytes = byteSizeOf("--noise", options.noise);
      const top = numberOf("--top", options.top, 1, 1_000_000) ?? DEFAULT_TOP;
      const budgets: Budget[] = [
        ...(failOver === undefined ? [] : [{ kind: "total", name: "--fail-over", growth: failOver } as const]),
        ...(options.budgets === undefined ? [] : readBudgets(options.budgets)),
      ];
      const sideOptions = { filter: filterOf(options), at: options.at, memoryMb: memoryMbOf(options.memoryMb) };
      const [left, right] = [await readSide(a, sideOptions), await readSide(b, sideOptions)];
      checkComparable(left, right, budgets);
      const diff = compareSnapshots(left, right, { noiseBytes, budgets });
      const text =
        options.json === true
          ? JSON.stringify(diff, null, 2) + "\n"
          : formatDiff(diff, { orderBy: options.orderBy, top, sites: options.sites === true });
      await writeOutput("-", text);
      if (diff.verdict !== null) exit(STATUS[diff.verdict]);
      else if (options.strict === true && !diff.exact) exit(ExitCode.eventsLost);
    });
}

function checkComparable(a: Snapshot, b: Snapshot, budgets: readonly Budget[]): void {
  if (a.filter !== b.filter)
    throw usage(
      `${a.source.label} accounts ${a.filter}, ${b.source.label} ${b.filter}`,
      "compare what was accounted alike: all, malloc or cache",
    );
  const folder = budgets.find(({ kind }) => kind === "directory");
  if (folder !== undefined && !(knowsSources(a) && knowsSources(b)))
    throw usage(
      `a budget for ${folder.name} needs accounts that know source files`,
      "make both snapshots with a kernel's symbols, or give budgets by module and caller",
    );
}
