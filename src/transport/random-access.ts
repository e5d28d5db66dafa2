/** Finished files of which any part can be read: regular ones as they are, all others by way of the disk. */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KmemtapError, messageOf } from "../model/errors.ts";
import type { RandomAccess } from "../model/ports.ts";

/**
 * The file at `path`; undefined where its bytes cannot be read in any order (a pipe), or do not begin with `magic` (a .gz).
 *
 * @throws {KmemtapError} `input/unreadable`
 */
export async function openRandomAccess(path: string, magic: Uint8Array): Promise<RandomAccess | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const facts = await handle.stat();
    if (facts.isFile()) {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(magic.length), 0, magic.length, 0);
      if (Buffer.compare(buffer.subarray(0, bytesRead), magic) === 0) return accessTo(handle, facts.size, path);
    }
    await handle.close();
    return undefined;
  } catch (thrown) {
    await handle?.close();
    throw unreadable(path, thrown);
  }
}

/** @throws {KmemtapError} `input/unreadable`, `input/missing` where it is not there or no regular file */
export async function openRegularFile(path: string): Promise<RandomAccess> {
  // Opening a pipe would wait for its writer.
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  const file = isFile ? await openRandomAccess(path, new Uint8Array(0)) : undefined;
  if (file !== undefined) return file;
  throw new KmemtapError("input/missing", `${path} is not there, or no regular file`, {
    nextStep: "give a file whose parts can be read in any order: no pipe, no device",
  });
}

/**
 * Writes all chunks into a file that nobody else sees, and that is gone when it is closed or the process ends.
 *
 * @param label what the operator called them
 * @returns the file, and the failure that ended the chunks early
 */
export async function spoolToDisk(
  chunks: AsyncIterable<Uint8Array>,
  label: string,
): Promise<{ readonly file: RandomAccess; readonly failure: KmemtapError | undefined }> {
  const path = join(tmpdir(), `kmemtap-${randomUUID()}.dat`);
  const handle = await open(path, "wx+", 0o600).catch((thrown: unknown) => {
    throw noRoom(path, thrown);
  });
  await rm(path);
  let size = 0;
  let failure: KmemtapError | undefined;
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    let chunk: Uint8Array;
    try {
      const next = await iterator.next();
      if (next.done === true) break;
      chunk = next.value;
    } catch (thrown) {
      if (!(thrown instanceof KmemtapError)) throw thrown;
      failure = thrown;
      break;
    }
    try {
      for (let done = 0; done < chunk.length;) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, size);
        done += bytesWritten;
        size += bytesWritten;
      }
    } catch (thrown) {
      await handle.close();
      throw noRoom(path, thrown);
    }
  }
  return { file: accessTo(handle, size, label), failure };
}

function accessTo(handle: FileHandle, size: number, path: string): RandomAccess {
  return {
    size,
    read: async (offset, length, into) => {
      const wanted = Math.max(0, Math.min(length, size - offset));
      const bytes = into?.subarray(0, wanted) ?? new Uint8Array(wanted);
      try {
        let done = 0;
        while (done < bytes.length) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return bytes.subarray(0, done);
      } catch (thrown) {
        throw unreadable(path, thrown);
      }
    },
    close: () => handle.close(),
  };
}

function unreadable(path: string, cause: unknown): KmemtapError {
  return new KmemtapError("input/unreadable", `reading ${path} failed: ${messageOf(cause)}`, {
    nextStep: "check that the file is still there and whole",
    cause,
  });
}

function noRoom(path: string, cause: unknown): KmemtapError {
  return new KmemtapError("output/unwritable", `cannot unpack to ${path}: ${messageOf(cause)}`, {
    nextStep: "make room there, name another directory in TMPDIR, or unpack the file and give its name",
    cause,
  });
}
