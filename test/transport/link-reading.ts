/** How tests read from links, and what they wait for. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { DuplexStream, RunningScript, Shell } from "../../src/model/ports.ts";

export const LOST = expect.objectContaining({ code: "link/lost", nextStep: expect.any(String) as string }) as unknown;
export const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, i) => i);

/** Reads until there are `bytes`, or the stream ends. */
export async function take(stream: Pick<DuplexStream, "bytes">, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream.bytes) {
    // It is valid until the next one is asked for.
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

export async function all(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return take({ bytes }, Number.POSITIVE_INFINITY);
}

export async function line(running: RunningScript): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const more = await take(running, 1);
    if (more.length === 0) throw new Error(`ended behind ${JSON.stringify(text)}`);
    text += more.toString();
  }
  return text;
}

export function drainInto(stream: Pick<DuplexStream, "bytes">): { bytes: number } {
  const read = { bytes: 0 };
  const go = async () => {
    for await (const chunk of stream.bytes) read.bytes += chunk.length;
  };
  void go().catch(() => undefined);
  return read;
}

export function watchNumbers(bytes: AsyncIterable<Uint8Array>): { last: number } {
  const seen = { last: 0 };
  let text = "";
  const go = async () => {
    for await (const chunk of bytes) {
      text = (text + Buffer.from(chunk).toString()).slice(-1000);
      const numbers = text.split("\n").slice(0, -1);
      seen.last = Math.max(seen.last, Number(numbers.at(-1) ?? 0) || 0);
    }
  };
  void go().catch(() => undefined);
  return seen;
}

/** Waits until a number has stood still for a while. */
export async function settled(count: () => number): Promise<void> {
  for (let still = 0, last = -1; still < 10;) {
    await sleep(50);
    still = count() === last ? still + 1 : 0;
    last = count();
  }
}

/** A system may take some bytes before it notices that nobody will have them. */
export async function writeUntilRefused(stream: DuplexStream): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await stream.write(Buffer.from("x"));
    await sleep(10);
  }
}

export async function untilGone(shell: Shell, pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(1);
  // A zombie that nobody has fetched yet is gone as well.
  const command = `s=$(cat /proc/${pid}/stat 2>/dev/null) || exit 1; case $s in *') Z '*) exit 1;; esac`;
  for (let i = 0; i < 100; i++) {
    if ((await shell.run(command)).status !== 0) return;
    await sleep(50);
  }
  expect.fail(`process ${pid} still runs`);
}

export function sha(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
