/**
 * The head of a line of the kernel's log, as a console, `dmesg` and `dmesg -r` print it (kernel/printk/printk.c, print_time,
 * print_caller).
 *
 *     [    0.548493] kmalloc: call_site=…
 *     <6>[    0.548493][    T1] kmalloc: call_site=…       with its level; with CONFIG_PRINTK_CALLER
 */
import { BRACKET_CLOSE, BRACKET_OPEN, DOT, isDigit, SPACE, ZERO } from "./ascii.ts";

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const CALLER_TASK = 0x54;
const CALLER_CPU = 0x43;
/** Nanoseconds of one unit in the last place, by digits behind the dot: printk prints six. */
const FRACTION_NS = [0, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1];

/** Where the text of a line of the log begins, and when it was printed; written by {@link readStamp}. */
export interface LogStamp {
  textAt: number;
  timeNs: number;
}

/** Reads the head at `at` into `stamp`; whether there is one, whole, in `[at, end)`. */
export function readStamp(bytes: Uint8Array, at: number, end: number, stamp: LogStamp): boolean {
  let p = at;
  if (bytes[p] === LESS_THAN) {
    const level = ++p;
    while (p < end && isDigit(bytes[p])) p++;
    if (p === level || bytes[p] !== GREATER_THAN) return false;
    p++;
  }
  if (p >= end || bytes[p] !== BRACKET_OPEN) return false;
  p++;
  while (p < end && bytes[p] === SPACE) p++;
  const secondsAt = p;
  let seconds = 0;
  for (; p < end && isDigit(bytes[p]); p++) seconds = seconds * 10 + (bytes[p] - ZERO);
  if (p === secondsAt || bytes[p] !== DOT) return false;
  const fractionAt = ++p;
  let fraction = 0;
  for (; p < end && isDigit(bytes[p]); p++) fraction = fraction * 10 + (bytes[p] - ZERO);
  const digits = p - fractionAt;
  if (digits === 0 || digits >= FRACTION_NS.length || p >= end || bytes[p] !== BRACKET_CLOSE) return false;
  p = behindCaller(bytes, p + 1, end);
  if (p >= end || bytes[p] !== SPACE) return false;
  stamp.textAt = p + 1;
  stamp.timeNs = seconds * 1e9 + fraction * FRACTION_NS[digits];
  return true;
}

/** Behind `[    T1]` (a task) or `[    C0]` (a CPU in an interrupt), if one stands at `at`; else `at`. */
function behindCaller(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== BRACKET_OPEN) return at;
  let p = at + 1;
  while (p < end && bytes[p] === SPACE) p++;
  if (bytes[p] !== CALLER_TASK && bytes[p] !== CALLER_CPU) return at;
  do p++;
  while (p < end && isDigit(bytes[p]));
  return p < end && bytes[p] === BRACKET_CLOSE ? p + 1 : at;
}
