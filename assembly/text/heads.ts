/**
 * Beginnings of lines, up to the first space before the clock, that were found to be heads.
 *
 *             init-1       [001] .....     2.206855: kmalloc: call_site=…
 *     ^                               ^ here
 *
 * Task, pid, CPU and flags are the same for hundreds of lines, while only the clock moves on. What equals a known one is a head of the
 * same length and CPU, whatever comes behind it.
 */
import { equalOf16 } from "./equal-bytes";

const SLOT_BITS: u32 = 10;
const SLOT_BYTES: usize = 64;
/** Of a slot: 48 bytes of text, then: a bit for each byte that counts, the CPU, the task. No bits: nothing is known. */
const MAX_HEAD: u32 = 48;
const BITS: usize = 48;
const CPU: usize = 56;
const TASK: usize = 60;
/** Shorter ones do not hold the bytes that the slot is found by. */
const MIN_HEAD: u32 = 32;

const slots: usize = memory.data(64 << 10, 64);

/** The slot of the head that {@link knownHead} found. */
let found: usize = 0;

/** Its CPU. */
@inline
export function headCpu(): u32 {
  return load<u32>(found, CPU);
}

/** Its task. */
@inline
export function headTask(): u32 {
  return load<u32>(found, TASK);
}

/** The length of the head at `at`, 0 where it is not a known one. */
@inline
export function knownHead(at: usize): u32 {
  const slot = slotOf(at);
  const length = lengthIn(slot, at);
  return length != 0 ? length : lengthIn(neighbourOf(slot), at);
}

const NEWLINE: i8 = 0x0a;
const SPACE: u32 = 0x20;
const DASH: u32 = 0x2d;
const ZERO: u32 = 0x30;
const BRACKET_OPEN: u32 = 0x5b;
const BRACKET_CLOSE: u32 = 0x5d;
const COMM_COLUMNS: usize = 16;
const MAX_CPU: u32 = 0xffff;
const MAX_FLAGS: usize = 8;

/**
 * Reads the head at `at`, which is none of those known, and remembers it, of no task: as src/ftrace/line-head.ts, readHead, reads one
 * that has flags and no thread group. Its length, or 0.
 */
export function newHead(at: usize): u32 {
  const name = v128.load(at);
  let p = at + COMM_COLUMNS;
  if (i8x16.bitmask(i8x16.eq(name, i8x16.splat(NEWLINE))) != 0 || load<u8>(p) != DASH || !isDigit(++p)) return 0;
  while (isDigit(p)) p++;
  while (load<u8>(p) == SPACE) p++;
  if (load<u8>(p) != BRACKET_OPEN || !isDigit(++p)) return 0;
  let cpu: u32 = 0;
  for (; isDigit(p) && cpu <= MAX_CPU; p++) cpu = cpu * 10 + load<u8>(p) - ZERO;
  if (cpu > MAX_CPU || load<u8>(p) != BRACKET_CLOSE || load<u8>(p, 1) != SPACE) return 0;
  p += 2;
  const flags = p;
  while (load<u8>(p) > SPACE && p <= flags + MAX_FLAGS) p++;
  if (p == flags || p > flags + MAX_FLAGS || load<u8>(p) != SPACE) return 0;
  learnHead(at, <u32>(p + 1 - at), cpu, 0);
  return knownHead(at);
}

@inline
function isDigit(at: usize): bool {
  return <u32>load<u8>(at) - ZERO <= 9;
}

/** What was known there before moves to the neighbour. */
export function learnHead(at: usize, length: u32, cpu: u32, task: u32): void {
  if (length < MIN_HEAD || length > MAX_HEAD || knownHead(at) != 0) return;
  const slot = slotOf(at);
  memory.copy(neighbourOf(slot), slot, SLOT_BYTES);
  memory.copy(slot, at, MAX_HEAD);
  store<u64>(slot, ((<u64>1) << length) - 1, BITS);
  store<u32>(slot, cpu, CPU);
  store<u32>(slot, task, TASK);
}

@inline
function lengthIn(slot: usize, at: usize): u32 {
  const first = <u64>equalOf16(at, slot);
  const second = <u64>equalOf16(at + 16, slot + 16);
  const third = <u64>equalOf16(at + 32, slot + 32);
  const bits = load<u64>(slot, BITS);
  if (((first | (second << 16) | (third << 32)) & bits) != bits) return 0;
  found = slot;
  return <u32>popcnt(bits);
}

/** From the end of the name, the pid, the CPU and the flags: what tells heads apart. */
@inline
function slotOf(at: usize): usize {
  const name = load<u32>(at, 12);
  const pid = load<u64>(at, 17);
  const cpu = load<u32>(at, 26);
  const flags = load<u32>(at, 32);
  const hash = (pid ^ rotl<u64>(<u64>(name ^ cpu) | ((<u64>flags) << 32), 29)) * 0x9e3779b97f4a7c15;
  return slots + <usize>(hash >> (64 - SLOT_BITS)) * SLOT_BYTES;
}

function neighbourOf(slot: usize): usize {
  return slots + ((slot - slots) ^ SLOT_BYTES);
}
