/**
 * Events that are not the allocator's, and what only looks like one: a kmem event whose name was damaged is an event that
 * could not be read, not one of another kind.
 */
import { ascii, COLON, isDigit, SPACE, startsWith } from "./ascii.ts";

const MARKER_WRITE = ascii("tracing_mark_write");
const UNDERSCORE = 0x5f;
const PLUS = 0x2b;
/** `+0x91/0x170`, of any function. */
const MAX_OFFSET = 40;
const CALL_SITE = ascii(" call_site=");
const KMEM_EVENTS = [
  "kmalloc",
  "kmalloc_node",
  "kmem_cache_alloc",
  "kmem_cache_alloc_node",
  "kfree",
  "kmem_cache_free",
].map((name) => ascii(`${name}: call_site=`));

/** True for what a process wrote to trace_marker: `tracing_mark_write: `, or `tracing_mark_write+0x91/0x170: ` with the option sym-offset. */
export function isMarkerWrite(bytes: Uint8Array, event: number): boolean {
  if (!startsWith(bytes, event, MARKER_WRITE)) return false;
  let p = event + MARKER_WRITE.length;
  if (bytes[p] === PLUS) for (const end = p + MAX_OFFSET; p < end && bytes[p] > SPACE && bytes[p] !== COLON; p++);
  return bytes[p] === COLON && bytes[p + 1] === SPACE;
}

/** True where `[event, end)` is the beginning of a kmem event and nothing else: the line was cut there. */
export function isStartOfKmemEvent(bytes: Uint8Array, event: number, end: number): boolean {
  return KMEM_EVENTS.some(
    (name) => end - event < name.length && startsWith(bytes, event, name.subarray(0, end - event)),
  );
}

/** True where `name: ` stands, as before the fields of every event. */
export function isNamed(bytes: Uint8Array, event: number, end: number): boolean {
  let p = event;
  while (p < end && isNameByte(bytes[p])) p++;
  return p > event && bytes[p] === COLON;
}

function isNameByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || isDigit(byte) || byte === UNDERSCORE;
}

/** True where the text holds the field that only kmem events have. */
export function mentionsCallSite(bytes: Uint8Array, event: number, end: number): boolean {
  for (let p = event; p < end; p++) if (startsWith(bytes, p, CALL_SITE)) return true;
  return false;
}
