/**
 * The standard output of a program of this machine, read into one buffer again and again. Node's own pipe takes 64 KB of memory
 * for each read, however little comes: at 60 MB a second the collector took a fifth of what a capture took.
 */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pulled } from "./pull.ts";

export interface OutputSocket extends Pulled {
  /** For the program's `stdio`; to be destroyed here once the program has it, or there would be no end. */
  readonly programEnd: Socket;
  /** Resolves when nobody has the program's end any more, and all was read, or let go. */
  readonly ended: Promise<void>;
  /** Lets go of what was not read: the program cannot write any more. */
  close(): void;
}

/** More than a Unix socket holds (net.core.wmem_default), so that one read takes all that is there. */
const BUFFER_BYTES = 256 * 1024;

export async function openOutputSocket(): Promise<OutputSocket> {
  const state = {
    over: false,
    stopped: false,
    chunk: undefined as Uint8Array | undefined,
    wake: (): void => undefined,
  };
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const onChunk = (bytes: number): boolean => {
    state.chunk = buffer.subarray(0, bytes);
    state.wake();
    // The next read comes when it is asked for: until then the buffer is the reader's.
    return false;
  };
  const { ours, programEnd } = await socketPair((path) => connect({ path, onread: { buffer, callback: onChunk } }));
  const ended = new Promise<void>((resolve) => {
    for (const end of ["end", "close", "error"])
      ours.on(end, () => {
        state.over = true;
        state.wake();
        resolve();
      });
  });

  async function* bytes(): AsyncGenerator<Uint8Array> {
    while (!state.stopped) {
      const { chunk } = state;
      if (chunk !== undefined) {
        state.chunk = undefined;
        yield chunk;
        continue;
      }
      if (state.over) return;
      const more = new Promise<void>((resolve) => {
        state.wake = resolve;
      });
      ours.resume();
      await more;
    }
  }

  return {
    programEnd,
    ended,
    bytes: { [Symbol.asyncIterator]: bytes },
    stop: () => {
      state.stopped = true;
      state.wake();
    },
    close: () => ours.destroy(),
  };
}

/** Two ends of a connection, which only this user can have made. */
async function socketPair(connectTo: (path: string) => Socket): Promise<{ ours: Socket; programEnd: Socket }> {
  const dir = await mkdtemp(join(tmpdir(), "kmemtap-output-"));
  const server = createServer({ pauseOnConnect: true });
  try {
    const path = join(dir, "socket");
    server.listen(path);
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const ours = connectTo(path);
    const [[programEnd]] = await Promise.all([accepted, once(ours, "connect")]);
    return { ours, programEnd };
  } finally {
    server.close();
    await rm(dir, { recursive: true, force: true });
  }
}
