/** A Node stream as bytes that are read when they are asked for. */
import type { Readable } from "node:stream";

export interface Pulled {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Ends the iteration at once; what was not read yet is let go. */
  readonly stop: () => void;
}

/**
 * Reads `readable` no further ahead than its own buffer, whose filling stops the sender. It may be iterated in
 * stretches: a loop that is left does not end the stream. `failureOf` is asked at the end, with what the stream threw if it
 * did: its error is thrown to the reader, undefined is an end in order. `wasRead` is told of every chunk that is taken.
 */
export function pull(
  readable: Readable,
  failureOf: (thrown: Error | undefined) => Error | undefined,
  wasRead: () => void = () => undefined,
): Pulled {
  const state = { over: false, stopped: false, thrown: undefined as Error | undefined, wake: (): void => undefined };
  const finish = () => {
    state.over = true;
    state.wake();
  };
  readable.on("readable", () => state.wake());
  readable.on("end", finish);
  readable.on("close", finish);
  readable.on("error", (thrown: Error) => {
    state.thrown ??= thrown;
    finish();
  });

  async function* bytes(): AsyncGenerator<Uint8Array> {
    while (!state.stopped) {
      const chunk = readable.read() as Uint8Array | null;
      if (chunk !== null) {
        wasRead();
        yield chunk;
        continue;
      }
      if (state.over) {
        const failure = failureOf(state.thrown);
        if (failure !== undefined) throw failure;
        return;
      }
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
    }
  }

  return {
    bytes: { [Symbol.asyncIterator]: bytes },
    stop: () => {
      state.stopped = true;
      state.wake();
    },
  };
}
