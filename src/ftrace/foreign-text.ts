/**
 * What stands in the input beside events: the trace's own comments, loss markers, the kernel's log, a shell.
 */
import {
  ascii,
  BRACKET_CLOSE,
  BRACKET_OPEN,
  DOT,
  HEX,
  isDigit,
  NOT_HEX,
  PAREN_OPEN,
  SPACE,
  startsWith,
  ZERO,
} from "./ascii.ts";

const ENTRIES = ascii("# entries-in-buffer/entries-written:");
const TRACER = ascii("# tracer: ");
const CPU = ascii("CPU:");
const LOST = ascii(" [LOST ");
const EVENTS = ascii("EVENTS]");
const CALL_SITE = ascii(": call_site=");
const PTR = ascii(" ptr=");
const NUMBERS = [ascii(" bytes_req="), ascii(" bytes_alloc=")];
const FLAGS = ascii("=GFP_");
const WORDS = [ascii(" node=-1"), ascii(" accounted=true"), ascii(" accounted=false")];
const HEADER_PIECES = [ascii("entries-in"), ascii("entries-written"), ascii("#P:")];
const MARKER_PIECES = [ascii("[LOST "), ascii(" EVENTS]")];
const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;
const MAX_CPU = 0xffff;

/**
 * Events that a `trace` file's header says were overwritten: entries written less entries in the buffer
 * (kernel/trace/trace.c, print_event_info). Undefined where the line is another comment.
 */
export function overwrittenEvents(bytes: Uint8Array, from: number, end: number): number | undefined {
  if (!startsWith(bytes, from, ENTRIES)) return undefined;
  const inBuffer = readNumber(bytes, from + ENTRIES.length, end);
  if (inBuffer === undefined || bytes[inBuffer.end] !== SLASH) return undefined;
  const written = readNumber(bytes, inBuffer.end + 1, end);
  // `   #P:2` follows: digits that end the line may be half of a number.
  if (written === undefined || bytes[written.end] !== SPACE) return undefined;
  return Math.max(0, written.value - inBuffer.value);
}

/** True where a comment is what is left of the entries line. */
export function isPieceOfHeader(bytes: Uint8Array, from: number, end: number): boolean {
  return HEADER_PIECES.some((piece) => holds(bytes, from, end, piece));
}

/** True where text is what is left of a loss marker. */
export function isPieceOfMarker(bytes: Uint8Array, from: number, end: number): boolean {
  if (MARKER_PIECES.some((piece) => holds(bytes, from, end, piece))) return true;
  return startsWith(bytes, from, CPU) && isDigit(bytes[from + CPU.length]);
}

/** `# tracer: nop`, the first line of a `trace` file. */
export function isTracerLine(bytes: Uint8Array, from: number): boolean {
  return startsWith(bytes, from, TRACER);
}

/** What a loss marker says, and where it ends. */
export interface LossMarker {
  readonly cpu: number;
  /** Undefined where the kernel could not store how many. */
  readonly events: number | undefined;
  readonly end: number;
}

/** The next `CPU:3 [LOST 157 EVENTS]` or `CPU:3 [LOST EVENTS]` (kernel/trace/trace.c, print_trace_line). */
export function findLossMarker(bytes: Uint8Array, from: number, end: number): LossMarker | undefined {
  for (let at = from; at + CPU.length < end; at++) {
    if (bytes[at] !== CPU[0] || !startsWith(bytes, at, CPU)) continue;
    const cpu = readNumber(bytes, at + CPU.length, end);
    if (cpu === undefined || cpu.value > MAX_CPU || !startsWith(bytes, cpu.end, LOST)) continue;
    const afterLost = cpu.end + LOST.length;
    if (startsWith(bytes, afterLost, EVENTS))
      return { cpu: cpu.value, events: undefined, end: afterLost + EVENTS.length };
    const events = readNumber(bytes, afterLost, end);
    if (events !== undefined && bytes[events.end] === SPACE && startsWith(bytes, events.end + 1, EVENTS)) {
      return { cpu: cpu.value, events: events.value, end: events.end + 1 + EVENTS.length };
    }
  }
  return undefined;
}

/**
 * True where the text can only be a piece of a `kmem` trace line: fields that nothing else prints, with their values.
 * Such a piece is an event that could not be read; without it the text is foreign. (Drivers print ` ptr=` and flags as
 * well: in a line of the kernel's log they say nothing.)
 */
export function isPieceOfEvent(bytes: Uint8Array, from: number, end: number): boolean {
  const isLog = isLogLine(bytes, from, end);
  for (let p = from; p < end; p++) {
    if (startsWith(bytes, p, CALL_SITE)) return true;
    if (!isLog && startsWith(bytes, p, FLAGS)) return true;
    if (bytes[p] !== SPACE) continue;
    if (!isLog && startsWith(bytes, p, PTR)) {
      const first = bytes[p + PTR.length];
      if (p + PTR.length < end && (HEX[first] !== NOT_HEX || first === PAREN_OPEN || first === SPACE)) return true;
    }
    if (NUMBERS.some((key) => startsWith(bytes, p, key) && isDigit(bytes[p + key.length]))) return true;
    if (WORDS.some((text) => startsWith(bytes, p, text))) return true;
  }
  return false;
}

/** True for `[    0.548493] kmalloc: call_site=…`: an event that `tp_printk` sent to the kernel's log as well. */
export function isPrintkEvent(bytes: Uint8Array, from: number, end: number): boolean {
  return isLogLine(bytes, from, end) && holds(bytes, from, end, CALL_SITE);
}

/** True where the text begins with the kernel log's time stamp, perhaps with its level: `<6>[    0.548493]`. */
function isLogLine(bytes: Uint8Array, from: number, end: number): boolean {
  let p = from;
  if (bytes[p] === LESS_THAN) {
    do p++;
    while (p < end && isDigit(bytes[p]));
    if (bytes[p++] !== GREATER_THAN) return false;
  }
  if (bytes[p] !== BRACKET_OPEN) return false;
  const seconds = readNumber(bytes, p + 1, end);
  if (seconds === undefined || bytes[seconds.end] !== DOT) return false;
  const fraction = readNumber(bytes, seconds.end + 1, end);
  return fraction !== undefined && bytes[fraction.end] === BRACKET_CLOSE;
}

function holds(bytes: Uint8Array, from: number, end: number, text: Uint8Array): boolean {
  for (let p = from; p + text.length <= end; p++) if (startsWith(bytes, p, text)) return true;
  return false;
}

function readNumber(bytes: Uint8Array, from: number, end: number): { value: number; end: number } | undefined {
  let p = from;
  while (p < end && bytes[p] === SPACE) p++;
  const digitsAt = p;
  let value = 0;
  for (; p < end && isDigit(bytes[p]); p++) value = value * 10 + (bytes[p] - ZERO);
  return p === digitsAt || value > Number.MAX_SAFE_INTEGER ? undefined : { value, end: p };
}
