/** A link as unfriendly as a serial console: log lines at any byte, bytes one at a time, delays, input that gets lost. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DuplexStream } from "../../src/model/ports.ts";

export interface Noise {
  /** Decides everything; the same seed gives the same noise to the same bytes. */
  readonly seed: number;
  /** Lines of kernel log per byte of output. */
  readonly logPerByte?: number;
  /** The log's lines carry no time (`printk.time=0`): nothing tells them from what they interrupt. */
  readonly timeless?: boolean;
  /** Bytes of input lost, per byte typed. */
  readonly dropPerByte?: number;
  /** Cuts the output into chunks of one to so many bytes. */
  readonly chunkBytes?: number;
  /** Waits up to so long before a chunk, now and then. */
  readonly delayMs?: number;
}

/** A small generator of numbers in [0, 1) (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function noisyStream(stream: DuplexStream, noise: Noise): DuplexStream {
  const out = randomFrom(noise.seed);
  const into = randomFrom(noise.seed + 1);
  return {
    bytes: noisyBytes(stream.bytes, noise, out),
    write: (data) => stream.write(data.filter(() => into() >= (noise.dropPerByte ?? 0))),
    close: () => stream.close(),
  };
}

async function* noisyBytes(
  bytes: AsyncIterable<Uint8Array>,
  noise: Noise,
  random: () => number,
): AsyncGenerator<Uint8Array> {
  const { logPerByte = 0, chunkBytes = 65536, delayMs = 0 } = noise;
  for await (const chunk of bytes) {
    const noisy: number[] = [];
    for (const byte of chunk) {
      if (random() < logPerByte) noisy.push(...Buffer.from(logLine(random, noise.timeless === true)));
      noisy.push(byte);
    }
    for (let at = 0; at < noisy.length;) {
      const size = 1 + Math.floor(random() * chunkBytes);
      if (random() < 0.02) await sleep(random() * delayMs);
      yield Uint8Array.from(noisy.slice(at, at + size));
      at += size;
    }
  }
}

function logLine(random: () => number, timeless: boolean): string {
  const time = timeless ? "" : `[${(random() * 1000).toFixed(6).padStart(12)}] `;
  return `${time}usb 1-1: new high-speed USB device number ${Math.floor(random() * 100)}\r\n`;
}
