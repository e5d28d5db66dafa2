import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RandomAccess } from "../model/ports.ts";
import { isPacked, unpackTo } from "../symbols/unpack.ts";
import { openRegularFile } from "../transport/random-access.ts";

/**
 * A regular file, or what is packed in it.
 *
 * @throws {KmemtapError} `input/missing`, `input/unreadable`
 */
export async function openUnpacked(path: string): Promise<RandomAccess> {
  if (!isPacked(path)) return openRegularFile(path);
  const unpacked = join(tmpdir(), `kmemtap-${randomUUID()}`);
  try {
    await unpackTo(path, unpacked);
    return await openRegularFile(unpacked);
  } finally {
    // Whoever has it open keeps it.
    await rm(unpacked, { force: true });
  }
}
