#!/usr/bin/env node
/** The entry: everything is in `cli/`. */
// Node's own answer to a defect is exit status 1, which here says that a gate failed.
const TARGET_FAILED = 3;
const failOf = (thrown: unknown): void => {
  try {
    process.stderr.write(
      `kmemtap: a defect of kmemtap: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`,
    );
  } finally {
    process.exit(TARGET_FAILED);
  }
};
process.on("uncaughtException", failOf);
process.on("unhandledRejection", failOf);
// Where nobody can read it, nothing is said.
process.stderr.on("error", () => undefined);

const { runCli } = await import("./cli/run-cli.ts");
process.exitCode = await runCli(process.argv);
