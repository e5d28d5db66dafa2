/**
 * Like `mkdir -p`. Node's `recursive` tries for ever, at a core's expense, where a file system says ENOENT of a directory whose parent is there, as
 * /proc does (MKDirpAsync in src/node_file.cc).
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";

/** @throws {KmemtapError} `output/unwritable` where there is none in the end */
export async function makeDirectory(path: string): Promise<void> {
  if (await isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(parent);
  try {
    await mkdir(path);
  } catch (cause) {
    // Two that write below the same one make it at once.
    if (await isDirectory(path)) return;
    throw new KmemtapError("output/unwritable", `cannot make the directory ${path}: ${messageOf(cause)}`, {
      nextStep: "name a directory for the files, one that is there or can be made",
      exitCode: ExitCode.wrongUse,
      cause,
    });
  }
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
