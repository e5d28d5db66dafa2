/** How far the reading of recorded traces is, at the bottom of the terminal. */
import { statSync } from "node:fs";
import { humanBytes } from "../format/bytes.ts";
import { showStatus, spanOf } from "./status-line.ts";

export class ReadProgress {
  readonly #beganMs = Date.now();
  /** Of all files; undefined where one has no size, as standard input. */
  readonly #bytes: number | undefined;
  #read = 0;

  /** @param files to be read once each */
  constructor(files: readonly string[]) {
    const sizes = files.map(sizeOf);
    this.#bytes = sizes.reduce<number | undefined>(
      (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
      0,
    );
  }

  /** So many more bytes of the files were read. */
  readonly onRead = (bytes: number): void => {
    this.#read += bytes;
    if (this.#bytes === undefined) showStatus(() => `${humanBytes(this.#read)} read, ${this.#rate()}`);
    else this.#show(this.#read / this.#bytes, this.#rate());
  };

  /** So much of them, 0 to 1, was read. */
  readonly onShare = (share: number): void => {
    this.#show(share, this.#bytes === undefined ? "" : `${humanBytes((share * this.#bytes) / this.#seconds)}/s`);
  };

  get #seconds(): number {
    return Math.max(0.001, (Date.now() - this.#beganMs) / 1000);
  }

  #rate(): string {
    return `${humanBytes(this.#read / this.#seconds)}/s`;
  }

  #show(share: number, rate: string): void {
    showStatus(() => {
      const known = Math.min(1, Math.max(0.001, share));
      const leftMs = ((Date.now() - this.#beganMs) / known) * (1 - known);
      return `${String(Math.floor(known * 100))} % read, ${rate}, ${spanOf(leftMs)} left`;
    });
  }
}

function sizeOf(file: string): number | undefined {
  const found = file === "-" ? undefined : statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : undefined;
}
