/** What a console holds beside events: the kernel's own word of lines it lost. */
import { ascii, isDigit, startsWith, ZERO } from "./ascii.ts";

const BEFORE = ascii("** ");
const BEHIND = ascii(" printk messages dropped **");

/** `** 512 printk messages dropped **`, and where it ends. */
export interface DroppedMessages {
  readonly messages: number;
  readonly at: number;
  readonly end: number;
}

/**
 * The next word of lost messages in `[from, end)`: on a line of its own, or before a message on old kernels
 * (kernel/printk/printk.c, console_unlock and console_emit_next_record).
 */
export function findDroppedMessages(bytes: Uint8Array, from: number, end: number): DroppedMessages | undefined {
  for (let at = from; at + BEFORE.length + BEHIND.length < end; at++) {
    if (!startsWith(bytes, at, BEFORE)) continue;
    let p = at + BEFORE.length;
    let messages = 0;
    for (; p < end && isDigit(bytes[p]); p++) messages = messages * 10 + (bytes[p] - ZERO);
    if (p > at + BEFORE.length && p + BEHIND.length <= end && startsWith(bytes, p, BEHIND))
      return { messages, at, end: p + BEHIND.length };
  }
  return undefined;
}
