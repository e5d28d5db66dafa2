/** The names of the six events of the account, told apart by whole words. */
import { EventKind } from "../model/event-batch.ts";
import { word } from "./ascii.ts";

const KMAL = word("kmal");
const LOC = word("loc:");
const LOC_ = word("loc_");
const NODE = word("node");
const KMEM = word("kmem");
const _CAC = word("_cac");
const HE_A = word("he_a");
const HE_F = word("he_f");
const LLOC = word("lloc");
const REE = word("ree:");
const KFRE = word("kfre");
/** `e:` as 16 little-endian bits. */
const E_COLON = 0x3a65;
const COLON = 0x3a;
const UNDERSCORE = 0x5f;

/** A kind and the length of its name with the colon, in one number: this is asked for every line. */
const named = (kind: EventKind, length: number): number => (length << 2) | kind;
export const kindOf = (name: number): EventKind => (name & 3) as EventKind;
export const lengthOf = (name: number): number => name >> 2;

const KMALLOC = named(EventKind.kmalloc, 8);
const KMALLOC_NODE = named(EventKind.kmalloc, 13);
const CACHE_ALLOC = named(EventKind.cacheAlloc, 17);
const CACHE_ALLOC_NODE = named(EventKind.cacheAlloc, 22);
const CACHE_FREE = named(EventKind.cacheFree, 16);
const KFREE = named(EventKind.kfree, 6);

/** The event whose name, with its colon, stands at `at`; -1 for any other. For {@link kindOf} and {@link lengthOf}. */
export function eventName(view: DataView, at: number): number {
  const first = view.getUint32(at, true);
  if (first === KMAL) return kmallocName(view, at);
  if (first === KMEM) return cacheName(view, at);
  return first === KFRE && view.getUint16(at + 4, true) === E_COLON ? KFREE : -1;
}

function kmallocName(view: DataView, at: number): number {
  const second = view.getUint32(at + 4, true);
  if (second === LOC) return KMALLOC;
  const isNode = second === LOC_ && view.getUint32(at + 8, true) === NODE && view.getUint8(at + 12) === COLON;
  return isNode ? KMALLOC_NODE : -1;
}

function cacheName(view: DataView, at: number): number {
  if (view.getUint32(at + 4, true) !== _CAC) return -1;
  const third = view.getUint32(at + 8, true);
  const fourth = view.getUint32(at + 12, true);
  if (third === HE_F) return fourth === REE ? CACHE_FREE : -1;
  if (third !== HE_A || fourth !== LLOC) return -1;
  const fifth = view.getUint8(at + 16);
  if (fifth === COLON) return CACHE_ALLOC;
  const isNode = fifth === UNDERSCORE && view.getUint32(at + 17, true) === NODE && view.getUint8(at + 21) === COLON;
  return isNode ? CACHE_ALLOC_NODE : -1;
}
