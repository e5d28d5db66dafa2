/** The field ` call_site=` of a kmem event: `tty_open+0x58/0x6e0`, `fat_fill_super+0x4f/0x5a0 [fat]`, an address of a kernel without kallsyms. */
import type { CallSiteTable } from "../model/call-site-table.ts";
import { BRACKET_CLOSE, BRACKET_OPEN, EQUALS, SPACE, word } from "./ascii.ts";
import { CallSiteForm } from "./call-site-form.ts";

/** No symbol name is longer than KSYM_NAME_LEN (512); with offset, size and module. */
export const MAX_CALL_SITE = 768;

const W_CALL = word(" cal");
const W_L_SI = word("l_si");
const W_ITE = word("ite=");
const W_PTR = word(" ptr");
/** Length of ` call_site=`. */
const KEY = 11;
const HASH_PRIME = 0x9e3779b1;
/** Masks for the first 0 to 3 bytes of a little-endian word. */
const LOW_BYTES = [0, 0xff, 0xffff, 0xffffff];

export class CallSiteReader {
  /** Where the text of the call site that was read last begins and ends. */
  from = 0;
  end = 0;
  readonly #sites: CallSiteTable;
  readonly #form = new CallSiteForm();
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #hash = 0;

  constructor(sites: CallSiteTable) {
    this.#sites = sites;
  }

  /** The buffer that positions refer to; see {@link KmemEventReader.attach}. */
  attach(bytes: Uint8Array, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  /**
   * Expects ` call_site=` at `at`; where its text ends and ` ptr=` begins, or -1.
   *
   * Looks for the space by words (Mycroft's test, for bytes below 0x21) and hashes them on the way: a multiplication a byte
   * would cost more than all else done to the line.
   */
  read(at: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    if (
      view.getUint32(at, true) !== W_CALL ||
      view.getUint32(at + 4, true) !== W_L_SI ||
      view.getUint32(at + 7, true) !== W_ITE
    )
      return -1;
    const from = at + KEY;
    const limit = from + MAX_CALL_SITE;
    let p = from;
    let hash = 0;
    for (;;) {
      const text = view.getUint32(p, true);
      // The lowest bit found is that of the first byte that is a space or a control character.
      const found = (text - 0x21212121) & ~text & 0x80808080;
      if (found !== 0) {
        const before = (31 - Math.clz32(found & -found)) >> 3;
        hash = Math.imul(hash ^ (text & LOW_BYTES[before]), HASH_PRIME);
        p += before;
        break;
      }
      hash = Math.imul(hash ^ text, HASH_PRIME);
      p += 4;
      if (p > limit) return -1;
    }
    if (bytes[p + 1] === BRACKET_OPEN) {
      // ` [module]`
      p++;
      for (; bytes[p] > SPACE; p++) hash = Math.imul(hash ^ bytes[p], HASH_PRIME);
      if (bytes[p - 1] !== BRACKET_CLOSE || p > limit) return -1;
    }
    this.#hash = hash ^ (hash >>> 15);
    this.from = from;
    this.end = p;
    return p > from && view.getUint32(p, true) === W_PTR && bytes[p + 4] === EQUALS ? p : -1;
  }

  /** The id of what {@link read} has found; -1 where the text has not the form of a call site. */
  idOf(): number {
    const { from } = this;
    const length = this.end - from;
    const known = this.#sites.find(this.#view, from, length, this.#hash);
    if (known >= 0) return known;
    return this.#form.accepts(this.#bytes, from, this.end) ? this.#sites.add(this.#view, from, length, this.#hash) : -1;
  }
}
