/** The command line as a whole: its commands, and what a failure looks like. */
import { Command, CommanderError } from "@commander-js/extra-typings";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import { VERSION } from "../model/version.ts";
import { adviseCommand } from "./advise.ts";
import { bootargsCommand } from "./bootargs.ts";
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
import { clearStatus } from "./status-line.ts";

/** Runs the command in `argv` to its end; the process's exit status. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let status: number = ExitCode.done;
  const exit = (code: ExitCode) => {
    status = code;
  };
  const program = new Command("kmemtap")
    .description("Taps a running Linux kernel's memory allocator and shows, live, who holds the memory.")
    .version(VERSION)
    .option("--stack-trace", "print a failure's stack trace as well")
    .exitOverride()
    .showHelpAfterError("(run with --help for the options)")
    .configureHelp({ showGlobalOptions: false });
  for (const command of [
    demoCommand(exit),
    liveCommand(exit),
    daemonCommand(exit),
    runCommand(exit),
    snapshotCommand(exit),
    reportCommand(exit),
    diffCommand(exit),
    adviseCommand(exit),
    exportCommand(exit),
    sizeCommand(),
    doctorCommand(exit),
    bootargsCommand(exit),
  ]) {
    program.addCommand(
      command.exitOverride().showHelpAfterError(`(run 'kmemtap ${command.name()} --help' for the options)`),
    );
  }
  quitOnClosedPipe();
  try {
    await program.parseAsync(argv);
    return status;
  } catch (thrown) {
    return reportFailure(thrown, program.opts().stackTrace === true);
  }
}

function reportFailure(thrown: unknown, stackTrace: boolean): number {
  // Commander has printed its own message; help and version are no failures.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.done : ExitCode.wrongUse;
  clearStatus();
  process.stderr.write(`kmemtap: ${printable(messageOf(thrown))}\n`);
  if (thrown instanceof KmemtapError) {
    if (thrown.nextStep !== undefined) process.stderr.write(`  ${printable(thrown.nextStep)}\n`);
  } else {
    process.stderr.write(
      "  this is a defect of kmemtap: run again with --stack-trace (before the command) and report it\n",
    );
  }
  if (stackTrace && thrown instanceof Error) process.stderr.write(`${thrown.stack ?? ""}\n`);
  return thrown instanceof KmemtapError ? thrown.exitCode : ExitCode.targetFailed;
}

/** `kmemtap report F | head` is no failure. */
function quitOnClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? ExitCode.done);
    const failure = new KmemtapError("output/unwritable", `cannot write to standard output: ${error.message}`, {
      nextStep: "make room, or write to another file",
    });
    process.exit(reportFailure(failure, false));
  });
}
