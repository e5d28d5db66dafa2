#!/usr/bin/env node
/** The entry: everything is in `cli/`. */
import { setFlagsFromString } from "node:v8";

// The decoder is a chain of small functions, run millions of times a second: V8's default stops inlining half-way through.
setFlagsFromString("--max-inlined-bytecode-size-cumulative=3000");
setFlagsFromString("--max-inlined-bytecode-size=500");

const { runCli } = await import("./cli/run-cli.ts");
process.exitCode = await runCli(process.argv);
