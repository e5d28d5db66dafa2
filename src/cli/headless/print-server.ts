/** `kmemtap snapshot URL`: the account of a running kmemtap, printed once. */
import type { ExitCode } from "../../model/errors.ts";
import { kernelChoiceOf } from "../kernel-option.ts";
import { conclude, type SnapshotCommandOptions } from "../run-snapshot.ts";
import { checkServed } from "./check-served.ts";
import { type ServerOptions, snapshotOfServer } from "./server-moments.ts";

const KNOWN = [
  ...["json", "output", "orderBy", "strict", "tokenFile", "config"],
  ...["kernel", "kallsyms", "force", "lines", "branch", "startBranch"],
];

export async function printServer(url: string, options: SnapshotCommandOptions & ServerOptions): Promise<ExitCode> {
  checkServed(options, KNOWN);
  kernelChoiceOf(options);
  return conclude(await snapshotOfServer(url, options), options);
}
