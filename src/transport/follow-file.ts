/**
 * A file that somebody else writes: QEMU's `-serial file:`.
 *
 * It may not exist yet, it grows, and a new boot truncates or replaces it; each of its lives is one run. Polled, because
 * inotify says nothing on the file systems where this matters (9p, NFS), and a poll every few milliseconds while the file
 * rests costs one `fstat`.
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";
import type { ByteSource, ByteStream } from "../model/ports.ts";

export interface FollowOptions {
  /** How long to rest at the end of the file before looking again. */
  readonly pollMs?: number;
  readonly label?: string;
}

/** A source whose writer may be known to be gone. */
export interface FollowedFile extends ByteSource {
  /** Nobody writes any more: what is left is read, and then the source ends, or fails as the writer did. */
  writerGone(failure?: Error): void;
}

const CHUNK_BYTES = 256 * 1024;
/** Bytes before the read position that are read again when the file grew: another content there is another boot. */
const GUARD_BYTES = 64;

export function followFile(path: string, options: FollowOptions = {}): FollowedFile {
  const life: Life = { abort: new AbortController(), writerGone: false };
  const pollMs = options.pollMs ?? 25;
  return {
    label: options.label ?? `file://${path}`,
    recording: false,
    runs: eachRun(path, pollMs, life),
    writerGone: (failure) => {
      life.writerGone = true;
      life.failure = failure;
    },
    close: () => {
      life.abort.abort();
      return Promise.resolve();
    },
  };
}

/** What ends a source: being closed, at once, or its writer's end, when all is read. */
interface Life {
  readonly abort: AbortController;
  writerGone: boolean;
  failure?: Error | undefined;
}

async function* eachRun(path: string, pollMs: number, life: Life): AsyncGenerator<ByteStream> {
  const { signal } = life.abort;
  while (!signal.aborted) {
    const handle = await openWhenThere(path, pollMs, life);
    if (handle === undefined) break;
    try {
      yield { bytes: growingBytes(handle, path, pollMs, life), close: () => Promise.resolve() };
    } finally {
      await handle.close();
    }
    if (life.writerGone) break;
  }
  if (life.failure !== undefined && !signal.aborted) throw life.failure;
}

async function openWhenThere(path: string, pollMs: number, life: Life): Promise<FileHandle | undefined> {
  const { signal } = life.abort;
  while (!signal.aborted && !life.writerGone) {
    try {
      // Before it is opened: opening a pipe waits for its writer, and nothing could end that.
      if ((await stat(path)).isFile()) return await open(path, "r");
      throw new KmemtapError("target/unsupported", `${path} is not a regular file`, {
        nextStep: "give the backing file of the serial port (qemu -serial file:PATH)",
      });
    } catch (thrown) {
      if (systemCodeOf(thrown) !== "ENOENT") {
        if (thrown instanceof KmemtapError) throw thrown;
        throw new KmemtapError("target/failed", `cannot open ${path}: ${messageOf(thrown)}`, {
          nextStep: "check the file's permissions",
          cause: thrown,
        });
      }
    }
    await rest(pollMs, signal);
  }
  return undefined;
}

/** The file's bytes as they come, until it begins anew. */
async function* growingBytes(handle: FileHandle, path: string, pollMs: number, life: Life): AsyncGenerator<Uint8Array> {
  const { signal } = life.abort;
  const buffer = new Uint8Array(CHUNK_BYTES);
  const guard = new Uint8Array(GUARD_BYTES);
  let guarded = 0;
  let position = 0;
  let resting = false;
  while (!signal.aborted) {
    const mayEnd = life.writerGone;
    // What the old file still got must be read before the new one is opened, so this is asked at its end alone.
    if (resting && (await wasReplaced(handle, path, position))) return;
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
    // Asked after the read, so that what was read is known to belong to this boot.
    if (await beganAnew(handle, guard.subarray(0, guarded), position)) return;
    resting = bytesRead === 0;
    if (resting) {
      if (mayEnd) return;
      await rest(pollMs, signal);
      continue;
    }
    position += bytesRead;
    guarded = keepLast(guard, guarded, buffer.subarray(0, bytesRead));
    yield buffer.subarray(0, bytesRead);
  }
}

/** True where the file was truncated, or was and has grown past `position` since: other bytes stand before it then. */
async function beganAnew(handle: FileHandle, guard: Uint8Array, position: number): Promise<boolean> {
  const { size } = await handle.stat();
  if (size < position) return true;
  if (guard.length === 0) return false;
  const again = new Uint8Array(guard.length);
  await handle.read(again, 0, guard.length, position - guard.length);
  return Buffer.compare(again, guard) !== 0;
}

/** True where all was read and the path names another file by now, or none. */
async function wasReplaced(handle: FileHandle, path: string, position: number): Promise<boolean> {
  const named = await stat(path).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  });
  // Asked last: once the path names another file, nobody opens this one any more to append to it.
  const own = await handle.stat();
  if (own.size !== position) return false;
  return named === undefined ? own.nlink === 0 : named.ino !== own.ino || named.dev !== own.dev;
}

/** Keeps the last bytes of the stream in `guard`; how many it holds. */
function keepLast(guard: Uint8Array, held: number, chunk: Uint8Array): number {
  if (chunk.length >= guard.length) {
    guard.set(chunk.subarray(chunk.length - guard.length));
    return guard.length;
  }
  const kept = Math.min(held, guard.length - chunk.length);
  guard.copyWithin(0, held - kept, held);
  guard.set(chunk, kept);
  return kept + chunk.length;
}

/** Sleeps, or returns at once when closed. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
