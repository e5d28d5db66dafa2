/** The console as one reads and types on it: what came is kept until somebody has made sense of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import type { DuplexStream } from "../../model/ports.ts";
import { plainText, withoutKernelLog } from "./screen-text.ts";

/** Of what was seen, for prompts and error messages. */
const RECENT_BYTES = 4096;
/** A console that floods while nobody understands it must not fill the memory. */
const BUFFER_BYTES = 64 * 1024 * 1024;
/** A link that takes nothing for so long is gone, or held by flow control. */
const WRITE_LIMIT_MS = 20_000;
/** UARTs have a FIFO of 16 bytes; where input was lost, typing is done in such bites. */
const SLOW_BYTES = 16;
const SLOW_PAUSE_MS = 4;

type Pulled = { readonly chunk: Uint8Array } | { readonly lost: KmemtapError };

export class ConsoleLine {
  readonly #stream: DuplexStream;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #pulling: Promise<Pulled> | undefined;
  #buffer = Buffer.alloc(0);
  #recent = Buffer.alloc(0);
  #received = 0;
  /** Set where input was lost: types in bites that a FIFO holds. */
  slow = false;

  constructor(stream: DuplexStream) {
    this.#stream = stream;
    this.#iterator = stream.bytes[Symbol.asyncIterator]();
  }

  /** Bytes received, ever. */
  get received(): number {
    return this.#received;
  }

  /** What came and was not consumed. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  consume(bytes: number): void {
    this.#buffer = this.#buffer.subarray(bytes);
  }

  clear(): void {
    this.#buffer = Buffer.alloc(0);
  }

  /**
   * Waits for more in {@link buffer}; false when nothing came for `waitMs`.
   *
   * @throws {KmemtapError} `link/lost`
   */
  async more(waitMs: number): Promise<boolean> {
    this.#pulling ??= this.#pull();
    const pulled = await within(this.#pulling, waitMs);
    if (pulled === undefined) return false;
    const chunk = this.#accept(pulled);
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (this.#buffer.length > BUFFER_BYTES) this.consume(this.#buffer.length - BUFFER_BYTES / 2);
    return true;
  }

  /**
   * The next bytes as they come, not kept; those in {@link buffer} first. Valid until the next call.
   *
   * @throws {KmemtapError} `link/lost`
   */
  async take(): Promise<Uint8Array> {
    if (this.#buffer.length > 0) {
      const kept = this.#buffer;
      this.clear();
      return kept;
    }
    this.#pulling ??= this.#pull();
    return this.#accept(await this.#pulling);
  }

  /** Gives back what {@link take} handed out too much. */
  putBack(data: Uint8Array): void {
    this.#buffer = Buffer.concat([data, this.#buffer]);
  }

  /** @throws {KmemtapError} `link/lost` */
  async type(text: string | Uint8Array): Promise<void> {
    const data = typeof text === "string" ? Buffer.from(text, "utf8") : text;
    if (!this.slow) return this.#write(data);
    for (let at = 0; at < data.length; at += SLOW_BYTES) {
      await this.#write(data.subarray(at, at + SLOW_BYTES));
      await sleep(SLOW_PAUSE_MS);
    }
  }

  /** What came since {@link received} was `mark`, as far as it is remembered: without escapes and kernel log. */
  textSince(mark: number): string {
    const bytes = Math.min(this.#recent.length, this.#received - mark);
    if (bytes <= 0) return "";
    return withoutKernelLog(plainText(this.#recent.subarray(this.#recent.length - bytes).toString("utf8")));
  }

  /**
   * Reads until nothing has come for `silenceMs`, or `until` holds for what came since the call, or `limitMs` is over.
   * What comes is remembered as text only.
   *
   * @returns whether `until` held
   * @throws {KmemtapError} `link/lost`
   */
  async listen(silenceMs: number, limitMs: number, until?: (text: string) => boolean): Promise<boolean> {
    const mark = this.#received;
    const end = Date.now() + limitMs;
    for (;;) {
      this.clear();
      const left = end - Date.now();
      if (left <= 0 || !(await this.more(Math.min(silenceMs, left)))) return until?.(this.textSince(mark)) ?? false;
      if (until?.(this.textSince(mark)) === true) return true;
    }
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  async #pull(): Promise<Pulled> {
    try {
      const next = await this.#iterator.next();
      return next.done === true ? { lost: lost() } : { chunk: next.value };
    } catch (thrown) {
      return { lost: thrown instanceof KmemtapError ? thrown : lost(thrown) };
    }
  }

  #accept(pulled: Pulled): Uint8Array {
    // A lost link stays lost: whoever reads next is told as well.
    if ("lost" in pulled) throw pulled.lost;
    this.#pulling = undefined;
    this.#received += pulled.chunk.length;
    this.#recent = Buffer.concat([this.#recent, pulled.chunk.subarray(-RECENT_BYTES)]).subarray(-RECENT_BYTES);
    return pulled.chunk;
  }

  async #write(data: Uint8Array): Promise<void> {
    const written = this.#stream.write(data).then(() => true);
    if ((await within(written, WRITE_LIMIT_MS)) === true) return;
    written.catch(() => undefined);
    throw new KmemtapError("link/lost", `the console has taken no input for ${WRITE_LIMIT_MS / 1000} s`, {
      nextStep: "check the line's flow control and that the target runs",
    });
  }
}

function lost(cause?: unknown): KmemtapError {
  const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new KmemtapError("link/lost", `the console's link has ended${why}`, {
    nextStep: "check that the target runs and that the device or socket is still there",
    cause,
  });
}

/** What `promise` resolves to, or undefined after `ms`. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  if (ms === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
