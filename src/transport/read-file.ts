/** A finished file, standard input or a gzip of either, as chunks of bytes. */
import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { createGunzip, type Gunzip } from "node:zlib";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";

/** Large enough that the overhead of a read does not show, small enough to stay in the cache while it is decoded. */
const CHUNK_BYTES = 256 * 1024;
/** Chunks between two turns of everything else: some 20 ms. */
const CHUNKS_A_TURN = 16;
const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * Chunks of `path`, unzipped if it is a gzip; `-` is standard input. A chunk is valid until the next one is asked for.
 *
 * A read that fails half-way throws after everything before the damage was delivered.
 *
 * @param onRead told how many more bytes of the file, as it is, were read
 */
export async function* readFileChunks(path: string, onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const source =
    path === "-" ? (process.stdin as AsyncIterable<Uint8Array>) : readHandle(await openForReading(path), path);
  const chunks = onRead === undefined ? source : counted(source, onRead);
  // A pipe may deliver a single byte first, so the beginning is gathered until it tells what follows.
  let beginning: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (beginning === undefined) {
      yield chunk;
      continue;
    }
    beginning = beginning.length === 0 ? chunk : Buffer.concat([beginning, chunk]);
    if (beginning.length < GZIP_MAGIC.length) {
      beginning = Uint8Array.from(beginning);
      continue;
    }
    if (GZIP_MAGIC.every((byte, i) => beginning?.[i] === byte)) {
      yield* unzip(beginning, chunks, path);
      return;
    }
    yield beginning;
    beginning = undefined;
  }
  if (beginning !== undefined && beginning.length > 0) yield beginning;
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onRead(chunk.length);
    yield chunk;
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, "r");
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new KmemtapError("input/unreadable", `${path} is a directory`, { nextStep: "name the trace file in it" });
    }
    return handle;
  } catch (thrown) {
    if (thrown instanceof KmemtapError) throw thrown;
    const missing = systemCodeOf(thrown) === "ENOENT";
    throw new KmemtapError(
      missing ? "input/missing" : "input/unreadable",
      missing ? `${path}: no such file` : `cannot open ${path}: ${messageOf(thrown)}`,
      { nextStep: missing ? "check the path" : "check the file's permissions", cause: thrown },
    );
  }
}

/**
 * A regular file is read in place: what another thread has read stands in the cache of that one's processor, and to fetch it from there
 * takes as long as to decode it. Whatever else may wait is waited for elsewhere.
 */
async function* readHandle(handle: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  try {
    const isFile = (await handle.stat()).isFile();
    for (let reads = 1; ; reads++) {
      const bytesRead = isFile
        ? readSync(handle.fd, buffer, 0, CHUNK_BYTES, null)
        : (await handle.read(buffer, 0, CHUNK_BYTES, null)).bytesRead;
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      if (isFile && reads % CHUNKS_A_TURN === 0) await setImmediate();
    }
  } catch (thrown) {
    throw unreadable(path, thrown);
  } finally {
    await handle.close();
  }
}

/** Slices that unzip to 16 MB at most: what a slice holds is kept until it was accounted, and gzip packs 1,000 to 1. */
const SLICE_BYTES = 16 * 1024;

/**
 * Unzips slice by slice, taking each one's output before the next goes in: a stream that fails throws away what it holds,
 * and all that was unpacked before the damage shall be read.
 */
async function* unzip(first: Uint8Array, rest: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const output: Uint8Array[] = [];
  gunzip.on("data", (data: Uint8Array) => output.push(data));
  let answer: Answer = { more: true };
  for await (const chunk of concatenated(first, rest)) {
    for (let at = 0; at < chunk.length && answer.more; at += SLICE_BYTES) {
      answer = await feed(gunzip, chunk.subarray(at, at + SLICE_BYTES));
      yield* output.splice(0);
    }
    if (!answer.more) break;
  }
  if (answer.more) answer = await finish(gunzip);
  yield* output.splice(0);
  if (answer.failure !== undefined) throw unreadable(path, answer.failure);
}

async function* concatenated(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** Whether a gunzip takes more. It ends by itself at the zeros that a tape or a disk pads a file with, and in a failure. */
interface Answer {
  readonly more: boolean;
  readonly failure?: Error;
}

function feed(gunzip: Gunzip, chunk: Uint8Array): Promise<Answer> {
  return answerOf(gunzip, (taken) => {
    gunzip.write(chunk, () => {
      taken({ more: true });
    });
  });
}

function finish(gunzip: Gunzip): Promise<Answer> {
  return answerOf(gunzip, () => {
    gunzip.end();
  });
}

function answerOf(gunzip: Gunzip, ask: (taken: (answer: Answer) => void) => void): Promise<Answer> {
  return new Promise((resolve) => {
    const onEnd = () => {
      settle({ more: false });
    };
    const onError = (failure: Error) => {
      settle({ more: false, failure });
    };
    const settle = (answer: Answer) => {
      gunzip.off("end", onEnd);
      gunzip.off("error", onError);
      resolve(answer);
    };
    gunzip.on("end", onEnd);
    gunzip.on("error", onError);
    ask(settle);
  });
}

function unreadable(path: string, cause: unknown): KmemtapError {
  return new KmemtapError("input/unreadable", `reading ${path} failed: ${messageOf(cause)}`, {
    nextStep: "what came before the damage was read; get the file again for the rest",
    cause,
  });
}
