/**
 * Finds where a script's output begins and ends, without holding back what is neither.
 *
 * The loop writes `RS nonce <tag> n RS` three times (loader.ts, `M`): a line of the kernel's log may hit one of them.
 */

const RS = 0x1e;
/** Longer than any mark. */
const MARK_BYTES = 48;

export type Scan =
  | { readonly kind: "data"; readonly data: Uint8Array }
  | { readonly kind: "end"; readonly data: Uint8Array; readonly status: number; readonly rest: Uint8Array };

/** Where the script's own bytes begin in `buffer`, and whether that is certain; undefined while no mark is there. */
export function findBegin(buffer: Buffer, nonce: string): { readonly at: number; readonly last: boolean } | undefined {
  for (const n of [3, 2, 1]) {
    const mark = `\x1e${nonce}<begin>${n}\x1e`;
    const at = buffer.lastIndexOf(mark, undefined, "latin1");
    if (at >= 0) return { at: at + mark.length, last: n === 3 };
  }
  return undefined;
}

export class EndScanner {
  readonly #prefix: Buffer;
  readonly #mark: RegExp;
  #held: Uint8Array = Buffer.alloc(0);

  constructor(nonce: string) {
    this.#prefix = Buffer.from(`\x1e${nonce}<`, "latin1");
    this.#mark = new RegExp(`^\\x1e${nonce}<(\\d{1,3})=\\1>\\d\\x1e`);
  }

  /** What of `chunk` is the script's; a beginning of the mark is held back until its rest is here. */
  push(chunk: Uint8Array): Scan {
    const data =
      this.#held.length > 0
        ? Buffer.concat([this.#held, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#held = Buffer.alloc(0);
    for (let at = data.indexOf(this.#prefix); at >= 0; at = data.indexOf(this.#prefix, at + 1)) {
      const text = data.toString("latin1", at, at + MARK_BYTES);
      const match = this.#mark.exec(text);
      if (match !== null) {
        return {
          kind: "end",
          data: data.subarray(0, at),
          status: Number(match[1]),
          rest: data.subarray(at + match[0].length),
        };
      }
      if (data.length - at < MARK_BYTES && /^.[\da-z]*<[\d=]*>?\d?$/s.test(text)) return this.#hold(data, at);
    }
    return this.#hold(data, this.#partialPrefix(data));
  }

  #hold(data: Buffer, at: number): Scan {
    // Copied: the chunk may be overwritten once the next one is asked for.
    if (at < data.length) this.#held = Buffer.from(data.subarray(at));
    return { kind: "data", data: data.subarray(0, at) };
  }

  /** Where a mark may have begun at the end of `data`; its length where none has. */
  #partialPrefix(data: Buffer): number {
    const from = Math.max(0, data.length - this.#prefix.length + 1);
    for (let at = data.indexOf(RS, from); at >= 0; at = data.indexOf(RS, at + 1)) {
      if (this.#prefix.subarray(0, data.length - at).equals(data.subarray(at))) return at;
    }
    return data.length;
  }
}
