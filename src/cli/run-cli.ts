/** The command line as a whole, and what a failure looks like. */
import { CommanderError } from "@commander-js/extra-typings";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";
import { printable } from "../model/printable.ts";
import { endByHangup, isHungUp } from "./hang-up.ts";
import { createProgram } from "./program.ts";
import { clearStatus } from "./status-line.ts";

/** Runs the command in `argv` to its end; the process's exit status. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let status: number = ExitCode.done;
  const exit = (code: ExitCode) => {
    status = code;
  };
  const program = createProgram(exit);
  quitOnClosedPipe();
  endByHangup();
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
    if (isHungUp(error)) return;
    const failure = new KmemtapError("output/unwritable", `cannot write to standard output: ${error.message}`, {
      nextStep: "make room, or write to another file",
    });
    process.exit(reportFailure(failure, false));
  });
}
