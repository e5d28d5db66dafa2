/** `kmemtap snapshot URL`: the account of a running kmemtap, printed once. */
import type { ExitCode } from "../../model/errors.ts";
import { conclude, type SnapshotCommandOptions } from "../run-snapshot.ts";
import { type ServerOptions, snapshotOfServer } from "./server-moments.ts";

export async function printServer(url: string, options: SnapshotCommandOptions & ServerOptions): Promise<ExitCode> {
  return conclude(await snapshotOfServer(url, options), options);
}
