import { Command, Option } from "@commander-js/extra-typings";

/** `kmemtap size -k KERNEL`: what a kernel's image takes, before it allocates anything. */
export function sizeCommand() {
  return new Command("size")
    .description("what a kernel's image and modules take: text, rodata, data, bss by directory, file and symbol")
    .option(
      "-k, --kernel <PATH>",
      "a directory in which a kernel was built, or modules are installed; a vmlinux, .ko, .o",
    )
    .option("-b, --branch <DIR>", "only what is of this directory or file of the source: fs/ext4")
    .option("--diff <A B...>", "what grew and shrank from A to B: kernels as for -k, or what --format json has written")
    .addOption(
      new Option("--format <FORMAT>", "how to print it")
        .choices(["table", "json", "csv"] as const)
        .default("table" as const),
    )
    .option("-o, --output <FILE>", "where to write it (- is standard output)", "-")
    .option("--depth <N>", "table: levels below the root (default: 2)")
    .option("--top <N>", "table: lines of each directory; the others are one line (default: 20)")
    .option("--objects", "list the files that are counted, for size -t, and no more")
    .addHelpText(
      "after",
      `
Totals are those of GNU size for the same objects (its text is text and rodata here). JSON: docs/size.schema.json

Examples:
  kmemtap size -k ~/linux                        a built tree: built-in.a, modules
  kmemtap size -k ~/linux -b fs/ext4 --depth 3   a directory of it, down to functions
  kmemtap size -k ~/linux --objects | xargs size -t   the same with GNU size
  kmemtap size -k vmlinux --format json -o before.json
  kmemtap size --diff before.json vmlinux        as the kernel's bloat-o-meter`,
    )
    .action(async (options) => {
      const { runSize } = await import("./run-size.ts");
      await runSize(options);
    });
}
