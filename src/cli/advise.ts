import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";

/** `kmemtap advise FILE…`: what a recorded trace suggests, and what other allocators would have taken. */
export function adviseCommand(exit: (code: ExitCode) => void) {
  return new Command("advise")
    .description(
      "what a recorded trace suggests: caches worth making, odd sizes, churn; and SLUB, SLAB and SLOB compared",
    )
    .argument(
      "<FILES...>",
      "text of `trace` or `trace_pipe`, a trace.dat, also .gz; what --record kept; - is standard input",
    )
    .option("--json", "print findings and allocators as JSON (kmemtap.advice/1)")
    .option("--malloc", "look at kmalloc only")
    .option("--cache", "look at kmem_cache only")
    .option("--run <N>", "of a capture with several boots or modes, this one (default: the last)")
    .option("--from <TIME>", "what came from this time on, since the first event: 2s, 150ms")
    .option("--to <TIME>", "what came before this time")
    .option("--memory-mb <MB>", "what the live objects may take, MiB (default: 1024); more are not followed")
    .option("--strict", "exit with 4 when the account is not exact")
    .addHelpText(
      "after",
      `
Examples:
  kmemtap advise boot.trace                 what holds more than it needs, and what to do about it
  kmemtap advise night.kmemtap --from 10s   without the boot, which is like no workload
  kmemtap advise boot.trace --json          with every figure, and where a model is not what the kernel did`,
    )
    .action(async (files, options) => {
      const { runAdvise } = await import("./run-advise.ts");
      exit(await runAdvise(files, options));
    });
}
