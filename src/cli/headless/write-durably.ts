/** A file that is there whole and on the disk, or not there. */
import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { KmemtapError, messageOf } from "../../model/errors.ts";

/** @throws {KmemtapError} `output/unwritable` */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new KmemtapError("output/unwritable", `cannot write ${path}: ${messageOf(thrown).replaceAll(draft, path)}`, {
      nextStep: "check that the directory exists, is writable and has room",
      cause: thrown,
    });
  }
}

/** The new name is on the disk once its directory is (fsync(2)). */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
