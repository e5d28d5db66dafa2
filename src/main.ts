#!/usr/bin/env node
/** The entry: everything is in `cli/`. */
import { runCli } from "./cli/run-cli.ts";

process.exitCode = await runCli(process.argv);
