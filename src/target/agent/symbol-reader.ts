/** Mode raw: /proc/kallsyms of the target, whole at the beginning, and of its modules when an address has no name yet. */
import { gunzip } from "node:zlib";
import { promisify } from "node:util";
import type { Shell } from "../../model/ports.ts";

/** Ten megabytes of text, two packed; not every target can pack. */
const ALL = "gzip -1 -c /proc/kallsyms 2>/dev/null || cat /proc/kallsyms";
const MODULES = "grep '\\[' /proc/kallsyms";

export class SymbolReader {
  readonly #shell: Shell;
  /** What was read and is not in the stream yet. */
  #read: Buffer[] = [];
  #reading = false;

  private constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** @throws {KmemtapError} `link/lost` */
  static async of(shell: Shell): Promise<SymbolReader> {
    const reader = new SymbolReader(shell);
    reader.#read.push(await textOf(shell, ALL));
    return reader;
  }

  /** Reads those of the modules. What cannot be read is empty, so that nobody waits for it. */
  ask(): void {
    if (this.#reading) return;
    this.#reading = true;
    void textOf(this.#shell, MODULES)
      .catch(() => Buffer.alloc(0))
      .then((text) => {
        this.#read.push(text);
        this.#reading = false;
      });
  }

  take(): Buffer | undefined {
    return this.#read.shift();
  }
}

async function textOf(shell: Shell, script: string): Promise<Buffer> {
  const running = await shell.start(script, []);
  const chunks: Buffer[] = [];
  for await (const chunk of running.bytes) chunks.push(Buffer.from(chunk));
  await running.exited;
  const bytes = Buffer.concat(chunks);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? promisify(gunzip)(bytes) : bytes;
}
