/** The commands, as one tree: what is run, and what its manual pages and completions are made of. */
import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";
import { adviseCommand } from "./advise.ts";
import { bootargsCommand } from "./bootargs.ts";
import { completionCommand } from "./completion.ts";
import { daemonCommand } from "./daemon.ts";
import { demoCommand } from "./demo.ts";
import { diffCommand } from "./diff.ts";
import { doctorCommand } from "./doctor.ts";
import { exportCommand } from "./export.ts";
import { liveCommand } from "./live.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { sizeCommand } from "./size.ts";
import { snapshotCommand } from "./snapshot.ts";
import { topCommand } from "./top.ts";
import { versionText } from "./version-text.ts";

/** @param exit takes the exit status of the command that was run */
export function createProgram(exit: (code: ExitCode) => void) {
  const program = new Command("kmemtap")
    .description("Taps a running Linux kernel's memory allocator and shows, live, who holds the memory.")
    .version(versionText())
    .option("--stack-trace", "print a failure's stack trace as well")
    .exitOverride()
    .showHelpAfterError("(run with --help for the options)")
    .configureHelp({ showGlobalOptions: false });
  for (const command of [
    demoCommand(exit),
    liveCommand(exit),
    daemonCommand(exit),
    topCommand(exit),
    runCommand(exit),
    snapshotCommand(exit),
    reportCommand(exit),
    diffCommand(exit),
    adviseCommand(exit),
    exportCommand(exit),
    sizeCommand(),
    doctorCommand(exit),
    bootargsCommand(exit),
    completionCommand(() => program),
  ]) {
    program.addCommand(
      command.exitOverride().showHelpAfterError(`(run 'kmemtap ${command.name()} --help' for the options)`),
    );
  }
  return program;
}
