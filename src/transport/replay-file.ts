/** A recorded trace as a source: the capture plays it at the speed of its own clock. */
import { stat } from "node:fs/promises";
import { KmemtapError, messageOf } from "../model/errors.ts";
import type { ByteSource } from "../model/ports.ts";
import { readFileChunks } from "./read-file.ts";

export interface ReplayOptions {
  /** 1 plays as fast as it happened, 2 twice as fast; 0 as fast as it can be read. */
  readonly speed: number;
  readonly label?: string;
}

/** Refuses what cannot be played, before anything is served: a missing file, a pipe (opening one waits for its writer). */
export async function checkRecording(path: string): Promise<void> {
  const found = await stat(path).catch((thrown: unknown) => {
    throw new KmemtapError("input/missing", `cannot play ${path}: ${messageOf(thrown)}`, {
      nextStep: "check the path",
      cause: thrown,
    });
  });
  if (found.isFile()) return;
  throw new KmemtapError("target/unsupported", `${path} is not a regular file`, { nextStep: "give a recorded trace" });
}

/** Small enough that a piece spans little of the trace's time: a piece is what is held back until its time has come. */
const PIECE_BYTES = 8 * 1024;

export function replayFile(path: string, { speed, label }: ReplayOptions): ByteSource {
  const over = new AbortController();
  return {
    label: label ?? `replay://${path}`,
    recording: true,
    ...(speed > 0 ? { speed } : {}),
    over: over.signal,
    runs: (async function* () {
      await Promise.resolve();
      yield { bytes: pieces(readFileChunks(path), over.signal), close: () => Promise.resolve() };
    })(),
    close: () => {
      over.abort();
      return Promise.resolve();
    },
  };
}

async function* pieces(chunks: AsyncIterable<Uint8Array>, over: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      if (over.aborted) return;
      yield chunk.subarray(at, at + PIECE_BYTES);
    }
  }
}
