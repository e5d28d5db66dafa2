/**
 * Reading and writing a terminal that serialport has opened. Its own stream reads ahead; its binding's reads spin on a pty that
 * was hung up, and wait for ever when a write waits too (its poller, asked for one readiness, forgets the other). So this reads and
 * writes the descriptor itself, which does not block, and takes the poller at nothing but what it says in full.
 */
import type { EventEmitter } from "node:events";
import { fstatSync, readSync, type Stats, writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError, messageOf, systemCodeOf } from "../model/errors.ts";
import type { DuplexStream } from "../model/ports.ts";

/** The binding's open port on Linux and macOS. */
export interface TtyPort {
  /** Null when it is closed. */
  readonly fd: number | null;
  readonly poller: EventEmitter & { poll(events: number): void };
  drain(): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}

type Readiness = "readable" | "writable";
const EVENT_BITS = { readable: 1, writable: 2 } as const;

const CHUNK_BYTES = 64 * 1024;
const WATCH_MS = 500;
/** How long the last bytes may take to leave when a port is closed: flow control may hold them for ever. */
const DRAIN_MS = 2000;

/** The terminal as a stream. Its bytes never end by themselves: they throw when the device vanished. */
export class TtyStream implements DuplexStream {
  readonly bytes: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => this.#read() };
  readonly #path: string;
  readonly #port: TtyPort;
  readonly #device: Stats;
  readonly #watch: NodeJS.Timeout;
  readonly #waiting = new Map<Readiness, () => void>();
  #lost: KmemtapError | undefined;
  #closing: Promise<void> | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  /** @param device what stood at `path` when it was opened */
  constructor(path: string, port: TtyPort, device: Stats) {
    this.#path = path;
    this.#port = port;
    this.#device = device;
    this.#watch = setInterval(() => void this.#look(), WATCH_MS).unref();
    port.poller.on("readable", () => this.#ready("readable"));
    port.poller.on("writable", () => this.#ready("writable"));
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    while (this.#isOpen()) {
      const bytes = this.#attempt((fd) => readSync(fd, buffer, 0, CHUNK_BYTES, null));
      // What was hung up reads as nothing.
      if (bytes === 0) this.#lose(new Error("it was hung up"));
      else if (bytes === undefined) await this.#until("readable");
      else yield buffer.subarray(0, bytes);
    }
    if (this.#lost !== undefined) throw this.#lost;
  }

  write(data: Uint8Array): Promise<void> {
    // One after the other: a write that waits for the line must not be overtaken.
    const written = this.#writing.then(() => this.#writeAll(data));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#shut());
  }

  async #writeAll(data: Uint8Array): Promise<void> {
    let at = 0;
    while (at < data.length && this.#isOpen()) {
      const bytes = this.#attempt((fd) => writeSync(fd, data, at));
      if (bytes === undefined) await this.#until("writable");
      else at += bytes;
    }
    if (at < data.length) throw this.#lost ?? lostAt(this.#path, "it was closed");
  }

  /** What the call gives; undefined where it would have waited, or the device is gone. */
  #attempt(call: (fd: number) => number): number | undefined {
    const { fd } = this.#port;
    if (fd === null) return undefined;
    try {
      return call(fd);
    } catch (thrown) {
      if (systemCodeOf(thrown) !== "EAGAIN" && systemCodeOf(thrown) !== "EINTR") this.#lose(thrown);
      return undefined;
    }
  }

  #until(readiness: Readiness): Promise<void> {
    if (!this.#isOpen()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(readiness, resolve);
      this.#poll();
    });
  }

  /** Also called when the poller is stopped, with an error: the device is looked at again, and then that shows. */
  #ready(readiness: Readiness): void {
    const resolve = this.#waiting.get(readiness);
    this.#waiting.delete(readiness);
    if (this.#isOpen()) this.#poll();
    resolve?.();
  }

  /** The poller goes on with what it was asked for last, until it is told everything that is waited for; 0 is a rest. */
  #poll(): void {
    const bits = [...this.#waiting.keys()].reduce((sum, readiness) => sum | EVENT_BITS[readiness], 0);
    this.#port.poller.poll(bits);
  }

  #isOpen(): boolean {
    return this.#closing === undefined;
  }

  /** A hang-up is not always told: a device that is gone from its place is. */
  async #look(): Promise<void> {
    const named = await stat(this.#path).catch(() => undefined);
    const { fd } = this.#port;
    if (!this.#isOpen() || fd === null) return;
    if (named?.rdev !== this.#device.rdev || fstatSync(fd).nlink === 0) this.#lose(new Error("the device is gone"));
  }

  #lose(cause: unknown): void {
    this.#lost ??= lostAt(this.#path, cause);
    this.#closing ??= this.#shut();
  }

  async #shut(): Promise<void> {
    clearInterval(this.#watch);
    const port = this.#port;
    if (this.#lost === undefined) {
      const drained = this.#writing.then(() => port.drain()).catch(() => undefined);
      for (const readiness of [...this.#waiting.keys()]) this.#waiting.get(readiness)?.();
      await Promise.race([drained, sleep(DRAIN_MS, undefined, { ref: false })]);
    }
    // Closing waits for what flow control holds back, for up to 30 s, unless it is thrown away.
    await port.flush().catch(() => undefined);
    await port.close().catch(() => undefined);
  }
}

function lostAt(path: string, cause: unknown): KmemtapError {
  return new KmemtapError("link/lost", `${path} is gone: ${messageOf(cause)}`, {
    nextStep: "check the cable, or what was at the other side of the device",
    cause,
  });
}
