/**
 * The head of a trace line: who, where, when.
 *
 *             init-1       [001] .....     2.206855: kmalloc: call_site=…
 *     ^ 16 columns ^pid    ^cpu  ^flags    ^clock    ^ event
 *
 * The task name is printed as `%16s` and holds at most 15 bytes, so the dash before the pid is always the line's 17th
 * byte (kernel/trace/trace_output.c, trace_print_context). Only that place makes a head: a task may call itself
 * `x: kfree: ptr=`, and its name must never be taken for an event. What varies is told by form, not by version:
 * `( TGID)` with print-tgid, four or five flags or none (irq-info), a clock that counts instead of measuring.
 */
import {
  BRACKET_CLOSE,
  BRACKET_OPEN,
  COLON,
  DASH,
  DOT,
  isDigit,
  PAREN_CLOSE,
  PAREN_OPEN,
  SPACE,
  ZERO,
} from "./ascii.ts";

/** Columns of the task name. */
export const COMM_COLUMNS = 16;

/** What a head says; written by {@link readHead}, one object a decoder, so that a line makes no garbage. */
export interface LineHead {
  /** Where the task's name begins, or the spaces before it: the caller's to say, who knows the line. */
  commAt: number;
  /** Of the dash before the pid. */
  dashAt: number;
  /** Where the flags begin; {@link clockAt} where there are none. */
  flagsAt: number;
  cpu: number;
  timeNs: number;
  /** Where the flags end, and the spaces before the clock begin. */
  clockAt: number;
}

/** None was read yet. */
export function newLineHead(cpu = 0): LineHead {
  return { commAt: 0, dashAt: 0, flagsAt: 0, cpu, timeNs: 0, clockAt: 0 };
}

const MAX_FLAGS = 8;
const MAX_TGID_COLUMNS = 12;
/** Nanoseconds of one unit in the last place, by digits behind the dot. */
const FRACTION_NS = [0, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1];

/**
 * Reads the head whose dash is at `dash`.
 *
 * @param strict asks for three digits of CPU, flags and a fraction of a second as well: more than fits into a task
 *   name. Needed wherever the dash is not known by its column.
 * @returns where the event's name begins, or -1 when this is no head
 */
export function readHead(bytes: Uint8Array, dash: number, head: LineHead, strict: boolean): number {
  let p = dash + 1;
  if (bytes[dash] !== DASH || !isDigit(bytes[p])) return -1;
  do p++;
  while (isDigit(bytes[p]));
  while (bytes[p] === SPACE) p++;
  if (bytes[p] === PAREN_OPEN) {
    const limit = p + MAX_TGID_COLUMNS;
    do p++;
    while (bytes[p] !== PAREN_CLOSE && bytes[p] >= SPACE && p < limit);
    if (bytes[p] !== PAREN_CLOSE) return -1;
    do p++;
    while (bytes[p] === SPACE);
  }

  if (bytes[p] !== BRACKET_OPEN) return -1;
  const cpuAt = ++p;
  let cpu = 0;
  for (; isDigit(bytes[p]); p++) cpu = cpu * 10 + (bytes[p] - ZERO);
  if (p === cpuAt || bytes[p] !== BRACKET_CLOSE || bytes[p + 1] !== SPACE || cpu > 0xffff) return -1;
  if (strict && p - cpuAt < 3) return -1;
  p += 2;

  // Flags, unless this is the clock already: the clock ends in a colon, flags never do.
  head.dashAt = dash;
  head.flagsAt = p;
  let flagsEnd = p;
  while (bytes[flagsEnd] > SPACE && flagsEnd - p <= MAX_FLAGS) flagsEnd++;
  if (flagsEnd > p && bytes[flagsEnd] === SPACE) {
    if (flagsEnd - p > MAX_FLAGS) return -1;
    p = flagsEnd;
  } else if (strict) return -1;
  head.cpu = cpu;
  head.clockAt = p;
  return readClock(bytes, p, head, strict);
}

/**
 * Reads the spaces and the clock at `at`, up to the event's name.
 *
 * @returns where the event's name begins, or -1
 */
export function readClock(bytes: Uint8Array, at: number, head: LineHead, strict: boolean): number {
  let p = at;
  while (bytes[p] === SPACE) p++;
  const wholeAt = p;
  let whole = 0;
  for (let digit = bytes[p] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p] - ZERO) whole = whole * 10 + digit;
  if (p === wholeAt) return -1;
  let timeNs = whole;
  if (bytes[p] === DOT) {
    const fractionAt = ++p;
    let fraction = 0;
    for (let digit = bytes[p] - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p] - ZERO)
      fraction = fraction * 10 + digit;
    const digits = p - fractionAt;
    if (digits === 0 || digits > 9) return -1;
    timeNs = whole * 1e9 + fraction * FRACTION_NS[digits];
  } else if (strict) return -1;
  if (bytes[p] !== COLON || bytes[p + 1] !== SPACE) return -1;
  head.timeNs = timeNs;
  return p + 2;
}

/**
 * The dash of the next complete head in `[from, end)`, or -1: for lines that something else was printed into, and for
 * those whose task name holds a newline.
 */
export function findHead(bytes: Uint8Array, from: number, end: number, head: LineHead): number {
  for (let p = from; p < end; p++) {
    if (bytes[p] !== BRACKET_OPEN) continue;
    const dash = dashBefore(bytes, p, from);
    if (dash >= 0 && readHead(bytes, dash, head, true) >= 0) return dash;
  }
  return -1;
}

/** From the `[` of the CPU back over an optional tgid and the pid to the dash. */
function dashBefore(bytes: Uint8Array, bracket: number, from: number): number {
  let p = bracket - 1;
  const skip = (byte: number): void => {
    while (p > from && bytes[p] === byte) p--;
  };
  skip(SPACE);
  if (bytes[p] === PAREN_CLOSE) {
    const limit = Math.max(from, p - MAX_TGID_COLUMNS);
    while (p > limit && bytes[p] !== PAREN_OPEN) p--;
    p--;
    skip(SPACE);
  }
  const pidEnd = p;
  while (p > from && isDigit(bytes[p])) p--;
  return p < pidEnd && p >= from && bytes[p] === DASH ? p : -1;
}
