/**
 * Output of a command as it travels: framed, numbered, checked.
 *
 *     {5e1fa0c2:12:any text at all:5e1fa0c2:1835042811 21}
 *
 * The nonce is known to the loop alone and its echo never shows it so; the check is made over `12:any text at all`. A line of the
 * kernel's log in the middle is taken out where that makes the check right; otherwise the frame is asked for again.
 */
import { type Check, checkOf } from "./loader.ts";
import { withoutKernelLog } from "./screen-text.ts";

export interface Frame {
  /** The number of the line that asked for it. */
  readonly tag: number;
  readonly body: Buffer;
}

/** The first undamaged frame in `buffer` whose tag is accepted. */
export function findFrame(
  buffer: Buffer,
  nonce: string,
  check: Check,
  accepts: (tag: number) => boolean,
): Frame | undefined {
  // Latin-1 keeps bytes apart whatever they are.
  const text = buffer.toString("latin1");
  const found = searchFrame(text, nonce, check, accepts);
  if (found !== undefined) return found;
  // A line of log may stand in the frame's own marks.
  const cleaned = withoutKernelLog(text);
  return cleaned.length === text.length ? undefined : searchFrame(cleaned, nonce, check, accepts);
}

/** True where the loop has acknowledged line `seq`; a line of log inside does not hide it. */
export function acknowledged(buffer: Buffer, nonce: string, seq: number | "-"): boolean {
  const mark = `[${nonce} ${seq}]`;
  return buffer.includes(mark) || withoutKernelLog(buffer.toString("latin1")).includes(mark);
}

function searchFrame(text: string, nonce: string, check: Check, accepts: (tag: number) => boolean): Frame | undefined {
  const open = `{${nonce}:`;
  const close = `:${nonce}:`;
  for (let at = text.indexOf(close); at >= 0; at = text.indexOf(close, at + 1)) {
    const sum = /^([\d ]{1,30})\}/.exec(text.slice(at + close.length, at + close.length + 32));
    const start = text.lastIndexOf(open, at);
    if (sum === null || start < 0) continue;
    const checked = undamaged(text.slice(start + open.length, at), sum[1].trim(), check);
    const split = /^(\d+):/.exec(checked ?? "");
    if (checked === undefined || split === null || !accepts(Number(split[1]))) continue;
    return { tag: Number(split[1]), body: Buffer.from(checked.slice(split[0].length), "latin1") };
  }
  return undefined;
}

/** The text as it was sent: as it came, or with the terminal's carriage returns taken off, or the kernel's log, or both. */
function undamaged(text: string, sum: string, check: Check): string | undefined {
  const cleaned = withoutKernelLog(text);
  const readings = [text, text.replaceAll("\r\n", "\n"), cleaned, cleaned.replaceAll("\r\n", "\n")];
  return readings.find((reading) => matches(reading, sum, check));
}

function matches(text: string, sum: string, check: Check): boolean {
  const bytes = Buffer.from(text, "latin1");
  if (check === "cksum") return checkOf(bytes, check) === sum;
  // A shell in a UTF-8 locale counts characters.
  return sum === String(bytes.length) || sum === String(Array.from(bytes.toString("utf8")).length);
}
