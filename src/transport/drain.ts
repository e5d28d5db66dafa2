/** A stream that is always read, whether or not anybody looks: a program must not stand still for its complaints. */
import type { Readable } from "node:stream";

const KEPT_BYTES = 256 * 1024;

/** What `readable` says, kept until it is asked for; of what nobody asks for, the last {@link KEPT_BYTES}, which is said. */
export function drain(readable: Readable, keptBytes = KEPT_BYTES): AsyncIterable<Uint8Array> {
  const kept: Uint8Array[] = [];
  const state = { bytes: 0, dropped: 0, over: false, wake: (): void => undefined };
  readable.on("data", (chunk: Uint8Array) => {
    kept.push(chunk);
    state.bytes += chunk.length;
    while (state.bytes > keptBytes && kept.length > 1) {
      const oldest = kept.shift()?.length ?? 0;
      state.bytes -= oldest;
      state.dropped += oldest;
    }
    state.wake();
  });
  for (const end of ["end", "close", "error"])
    readable.on(end, () => {
      state.over = true;
      state.wake();
    });

  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (state.dropped > 0) {
        const notice = Buffer.from(`[${state.dropped} bytes were not kept]\n`);
        state.dropped = 0;
        yield notice;
      }
      const chunk = kept.shift();
      if (chunk !== undefined) {
        state.bytes -= chunk.length;
        yield chunk;
      } else if (state.over) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          state.wake = resolve;
        });
      }
    }
  }
  return { [Symbol.asyncIterator]: bytes };
}
