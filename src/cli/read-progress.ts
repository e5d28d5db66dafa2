/** How far the reading of recorded traces, or of a kernel, is, at the bottom of the terminal. */
import { statSync } from "node:fs";
import { humanBytes } from "../format/bytes.ts";
import { showStatus, spanOf } from "./status-line.ts";

export class ReadProgress {
  readonly #beganMs = Date.now();
  /** Of all files; undefined where one has no size, as standard input. */
  readonly #bytes: number | undefined;
  #read = 0;

  /** @param files to be read once each; one that is to be read twice stands in it twice */
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
    showStatus(() => {
      const ms = Date.now() - this.#beganMs;
      const rate = `${humanBytes(this.#read / secondsIn(ms))}/s`;
      if (this.#bytes === undefined) return `${humanBytes(this.#read)} read, ${rate}`;
      return shareLine(this.#read / this.#bytes, "read", rate, ms);
    });
  };

  /** For a file whose reader says how much of it, 0 to 1, was read. */
  onShareOf(file: string): (share: number) => void {
    const size = sizeOf(file) ?? 0;
    let told = 0;
    return (share) => {
      const bytes = share * size;
      this.onRead(bytes - told);
      told = bytes;
    };
  }
}

/**
 * For a reader that says how many things it has done, of how many; that may be several times, each from 0 on.
 *
 * @param what as `objects`
 */
export function counted(what: string): (done: number, of: number) => void {
  let beganMs = Date.now();
  return (done, of) => {
    if (done === 0) beganMs = Date.now();
    showStatus(() => {
      const ms = Date.now() - beganMs;
      const rate = `${String(Math.round(done / secondsIn(ms)))}/s`;
      return shareLine(done / of, `of ${String(of)} ${what} read`, rate, ms);
    });
  };
}

/** `38 % read, 210 MiB/s, 4 s left`; a rate that nothing was done to measure is not told. */
function shareLine(share: number, done: string, rate: string, ms: number): string {
  if (share < 0.001) return `0 % ${done}`;
  const known = Math.min(1, share);
  return `${String(Math.floor(known * 100))} % ${done}, ${rate}, ${spanOf((ms / known) * (1 - known))} left`;
}

/** Of a rate: never 0. */
function secondsIn(ms: number): number {
  return Math.max(0.001, ms / 1000);
}

function sizeOf(file: string): number | undefined {
  const found = file === "-" ? undefined : statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : undefined;
}
