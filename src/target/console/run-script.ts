/** A script that runs in the console's terminal: its bytes are the console's, until it ends. */
import { KmemtapError } from "../../model/errors.ts";
import type { RunningScript } from "../../model/ports.ts";
import type { ConsoleLine } from "./console-line.ts";
import { acknowledged } from "./frame.ts";
import type { RemoteLoop } from "./remote-loop.ts";
import { EndScanner, findBegin } from "./sentinel.ts";
import { upload } from "./upload.ts";

const BEGIN_TRIES = 4;
const BEGIN_WAIT_MS = 5000;
/**
 * After a Ctrl-C a script may still have much to put back. One that had just begun may have missed it: between the shell's fork
 * and its exec nobody heeds it.
 */
const STOP_WAITS = [
  { key: "\x03", waitMs: 2000 },
  { key: "\x03", waitMs: 10_000 },
  { key: "\x03", waitMs: 3000 },
  { key: "\x1c", waitMs: 3000 },
] as const;

/** How a script that was started ended: its status, or that it did not end, or that the link did. */
export type ScriptEnd = number | "stuck" | "lost";

/**
 * Uploads and starts `script`.
 *
 * @param onEnd told once, when the console is free again or is known not to be
 */
export async function startScript(
  loop: RemoteLoop,
  script: string,
  args: readonly string[],
  onEnd: (end: ScriptEnd) => void,
): Promise<RunningScript> {
  await upload(loop, "C", script, {});
  await upload(loop, "H", args.map(quoted).join(" "), {});
  await begin(loop);
  return new ConsoleScript(loop, onEnd);
}

/** `text` as one word of sh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function begin(loop: RemoteLoop): Promise<void> {
  const { line } = loop;
  const { nonce } = loop.facts;
  const again = await loop.tell("G");
  for (let tries = 0; tries < BEGIN_TRIES;) {
    const found = findBegin(line.buffer, nonce);
    if (found !== undefined && (found.last || !(await line.more(500)))) {
      line.consume(found.at);
      return;
    }
    if (found !== undefined) continue;
    const damaged = acknowledged(line.buffer, nonce, "-");
    if (!damaged && (await line.more(BEGIN_WAIT_MS))) continue;
    // Once it is acknowledged it runs, and what is typed would be its input.
    if (!damaged && acknowledged(line.buffer, nonce, loop.seq)) return;
    line.clear();
    tries++;
    await again();
  }
  throw new KmemtapError("agent/upload", "the console does not start the script that was typed into it");
}

class ConsoleScript implements RunningScript {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly exited: Promise<number | undefined>;
  readonly #line: ConsoleLine;
  readonly #scanner: EndScanner;
  readonly #onEnd: (end: ScriptEnd) => void;
  #pulling: Promise<Uint8Array> | undefined;
  #end: ScriptEnd | undefined;
  #lostBy: unknown;
  #closing: Promise<void> | undefined;
  #resolveExited: (status: number | undefined) => void = () => undefined;

  constructor(loop: RemoteLoop, onEnd: (end: ScriptEnd) => void) {
    this.#line = loop.line;
    this.#scanner = new EndScanner(loop.facts.nonce);
    this.#onEnd = onEnd;
    this.exited = new Promise((resolve) => (this.#resolveExited = resolve));
    // Anew for each reader: one that has read enough leaves the rest to the next.
    this.bytes = { [Symbol.asyncIterator]: () => this.#read() };
  }

  async write(data: Uint8Array): Promise<void> {
    if (this.#end !== undefined)
      throw new KmemtapError("link/lost", "the script on the console has ended", { nextStep: "start it again" });
    await this.#line.type(data);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#stop());
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    while (this.#end === undefined) {
      const data = await this.#pull();
      if (data.length > 0) yield data;
    }
    if (this.#end === "lost" && this.#closing === undefined) throw this.#lostBy;
  }

  /** One chunk, shared by whoever waits: the reader, and close() on its way to the end. */
  #pull(): Promise<Uint8Array> {
    return (this.#pulling ??= this.#pullChunk().finally(() => (this.#pulling = undefined)));
  }

  async #pullChunk(): Promise<Uint8Array> {
    try {
      const scan = this.#scanner.push(await this.#line.take());
      if (scan.kind === "end") {
        this.#line.putBack(scan.rest);
        this.#finish(scan.status);
      }
      return scan.data;
    } catch (thrown) {
      this.#lostBy = thrown;
      this.#finish("lost");
      return new Uint8Array(0);
    }
  }

  async #stop(): Promise<void> {
    for (const { key, waitMs } of STOP_WAITS) {
      if (this.#end !== undefined) return;
      await this.#line.type(key).catch(() => undefined);
      await this.#drain(Date.now() + waitMs);
    }
    if (this.#end === undefined) this.#finish("stuck");
  }

  async #drain(end: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, end - Date.now()));
    });
    while (this.#end === undefined && Date.now() < end) await Promise.race([this.#pull(), late]);
    clearTimeout(timer);
  }

  #finish(end: ScriptEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#resolveExited(typeof end === "number" ? end : undefined);
    this.#onEnd(end);
  }
}
