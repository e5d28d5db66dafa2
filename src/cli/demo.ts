import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";

/** `kmemtap demo`: boot a real kernel and watch it, which is what `npm start` does. */
export function demoCommand(exit: (code: ExitCode) => void) {
  return new Command("demo")
    .description("boot a real Linux kernel in QEMU and watch its allocator in the browser")
    .option(
      "--serve <ADDR>",
      "HOST:PORT to serve on; what others can reach needs a token (default: 127.0.0.1:8642, or any free port)",
    )
    .option("--token-file <FILE>", "who has the token in FILE may look and act; nobody gets in without")
    .option("--read-only", "nobody acts on the target by way of the server")
    .option("--recorded", "play the recording of a real boot instead of booting one")
    .option("--config <FILE>", "configuration to read")
    .action(async (options) => {
      const { runDemo } = await import("./run-demo.ts");
      exit(await runDemo(options));
    });
}
