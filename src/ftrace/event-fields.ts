/**
 * The fields of a kmem event that the account does not need, but whose form says whether the line is whole.
 *
 * include/trace/events/kmem.h has added fields over the years and will again, so an unknown ` key=value` is let pass. A known
 * key in the wrong place, or a second time, says that two lines were joined: where a console lost what stood between, the
 * fields of one event follow those of another, and look well.
 */
import { ascii, BRACKET_OPEN, EQUALS, NEWLINE, RETURN, SPACE, startsWith } from "./ascii.ts";

const MAX_FIELDS_BYTES = 1024;
const UNDERSCORE = 0x5f;
const LESS_THAN = 0x3c;
const DELETE = 0x7f;

const NAME = ascii(" name=");
const PTR = ascii(" ptr=");
const CALL_SITE = ascii(" call_site=");
export const BYTES_REQ = ascii(" bytes_req=");
export const BYTES_ALLOC = ascii(" bytes_alloc=");
const GFP_FLAGS = ascii(" gfp_flags=");
const NODE = ascii(" node=");
const ACCOUNTED = ascii(" accounted=");
const KNOWN = [NAME, PTR, CALL_SITE, BYTES_REQ, BYTES_ALLOC, GFP_FLAGS, NODE, ACCOUNTED];
/** They all begin with a space: by the byte behind it. */
const KNOWN_BY_LETTER = Array.from({ length: 256 }, (_, letter) => KNOWN.filter((key) => key[1] === letter));

/** What a byte may be part of. */
const IS_KEY = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number((byte >= 0x61 && byte <= 0x7a) || byte === UNDERSCORE),
);
/** Any printable byte but those that only begin something else: the kernel log's `[` and the `<` of `<idle>`. */
const IS_VALUE = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte > SPACE && byte !== BRACKET_OPEN && byte !== LESS_THAN && byte !== DELETE),
);

/** Keys that may stand in a stretch of a line, in this order, each once or not at all. */
type Keys = readonly Uint8Array[];
export const BEHIND_ALLOCATION: Keys = [GFP_FLAGS, NODE, ACCOUNTED];
export const BEHIND_CACHE_FREE: Keys = [NAME];
export const BEHIND_KFREE: Keys = [];
/** Between `ptr` and `bytes_req` of kmem_cache_alloc since 6.18. */
export const BEFORE_BYTES_REQ: Keys = [NAME];
export const BEFORE_BYTES_ALLOC: Keys = [];

/**
 * Where the next line begins, if all from `at` to the line's end is fields, with `allowed` among them; else minus the first
 * stray byte.
 */
export function endOfLine(bytes: Uint8Array, at: number, allowed: Keys): number {
  let p = skipFields(bytes, at, allowed, undefined);
  const stray = p;
  while (bytes[p] === SPACE) p++;
  while (bytes[p] === RETURN) p++;
  return bytes[p] === NEWLINE && p - at < MAX_FIELDS_BYTES ? p + 1 : -stray;
}

/** True where a field stands that kernels print; where it may not stand, it is another event's. */
export function isKnownField(bytes: Uint8Array, at: number): boolean {
  return knownKey(bytes, at) !== undefined;
}

function knownKey(bytes: Uint8Array, at: number): Uint8Array | undefined {
  if (bytes[at] !== SPACE) return undefined;
  for (const key of KNOWN_BY_LETTER[bytes[at + 1]]) if (startsWith(bytes, at, key)) return key;
  return undefined;
}

/** Behind `key`, which stands at `at` or behind `allowed` fields; or -1. */
export function behindKey(bytes: Uint8Array, at: number, key: Uint8Array, allowed: Keys): number {
  const p = skipFields(bytes, at, allowed, key);
  return startsWith(bytes, p, key) ? p + key.length : -1;
}

/** Skips fields up to `until`, or to what is no field, or not allowed here. */
function skipFields(bytes: Uint8Array, at: number, allowed: Keys, until: Uint8Array | undefined): number {
  let next = 0;
  let p = at;
  while (bytes[p] === SPACE && p - at < MAX_FIELDS_BYTES) {
    if (until !== undefined && startsWith(bytes, p, until)) break;
    const known = knownKey(bytes, p);
    if (known !== undefined) {
      const place = allowed.indexOf(known, next);
      if (place < 0) break;
      next = place + 1;
    }
    const end = fieldEnd(bytes, p, known === NAME);
    if (end < 0) break;
    p = end;
  }
  return p;
}

/** The end of the field ` key=value` at `at`, or -1. Of all values only a cache's name may hold spaces, one at a time. */
function fieldEnd(bytes: Uint8Array, at: number, isName: boolean): number {
  let p = at + 1;
  while (IS_KEY[bytes[p]] === 1) p++;
  if (bytes[p] !== EQUALS || p === at + 1) return -1;
  p++;
  for (;;) {
    while (IS_VALUE[bytes[p]] === 1) p++;
    const goesOn = isName && bytes[p] === SPACE && IS_VALUE[bytes[p + 1]] === 1 && !isKnownField(bytes, p);
    if (!goesOn) return p;
    p++;
  }
}

/** Behind the key, up to the next field: all names of flags together are shorter. */
const MAX_FLAGS = 512;
/** `GFP_ZERO` up to 4.5, and what no name is known for as a number, which may be it. */
const FLAGS = / gfp_flags=([^ \r\n]+)/y;
const ZERO_FLAG = /(?:^|\|)(?:__)?GFP_ZERO(?:\||$)/;
const UNNAMED_FLAGS = /(?:^|\|)0x/;

/** Whether the flags that stand at `at` ask for zeroed memory; undefined where none do, or not all have names. */
export function asksForZerosAt(bytes: Uint8Array, at: number): boolean | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(MAX_FLAGS, bytes.length - at));
  FLAGS.lastIndex = 0;
  const flags = FLAGS.exec(text.toString("latin1"))?.[1];
  if (flags === undefined) return undefined;
  if (ZERO_FLAG.test(flags)) return true;
  return UNNAMED_FLAGS.test(flags) ? undefined : false;
}

/** With its key; the kernel's have less than 64 letters. */
const MAX_CACHE_NAME = 128;

/** The cache's name where ` name=…` stands at `at`, as behind a free; else "". */
export function cacheNameAt(bytes: Uint8Array, at: number): string {
  const match = / name=([^ \r\n]+)/y.exec(Buffer.from(bytes.subarray(at, at + MAX_CACHE_NAME)).toString("latin1"));
  return match === null ? "" : match[1];
}
