/** How the target is read, in words. */
import type { CaptureMode, TargetFacts } from "../../model/target-facts.ts";
import { humanBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/count.ts";

type LinkFacts = TargetFacts["link"];

const WAYS: Record<LinkFacts["kind"], string> = {
  local: "on this machine",
  ssh: "over ssh",
  serial: "over a serial line",
  pty: "over a pty",
  unix: "over a unix socket",
  tcp: "over tcp",
  qemu: "from QEMU",
  file: "from a file",
  replay: "from a recording",
};

/** `over ssh` */
export function describeWay(kind: LinkFacts["kind"]): string {
  // A newer server may know links that this page does not.
  return (WAYS as Partial<typeof WAYS>)[kind] ?? `over ${kind}`;
}

export const MODE_HINTS: Record<CaptureMode, string> = {
  raw: "every event travels as the ring buffer has it",
  text: "every event travels as a line of text",
  hist: "the target's kernel keeps sums per call site, and only they travel",
  printk: "events come as lines of the console, from the start of the boot",
};

/** Link speeds in powers of 1000, as the masthead's rates: `11.5 kB/s`, `312 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  const kilobytes = bytesPerSecond / 1000;
  if (kilobytes < 100) return `${kilobytes.toFixed(1)} kB/s`;
  if (kilobytes < 10_000) return `${formatCount(kilobytes)} kB/s`;
  return `${formatCount(kilobytes / 1000)} MB/s`;
}

/** `carries 11.5 kB/s`; where that is not known, what came through so far: `16.2 MiB received`. */
export function describeLink({ bytesPerSecond, bytesReceived }: LinkFacts): string {
  return bytesPerSecond === null ? `${humanBytes(bytesReceived)} received` : `carries ${formatRate(bytesPerSecond)}`;
}

/** `35,902 events, 12,000 of them in the trace too; 3 messages of the kernel's log lost` */
export function describePrintk({ events, matched, droppedMessages }: NonNullable<TargetFacts["printk"]>): string {
  const lost = droppedMessages > 0 ? `; ${plural(droppedMessages, "message")} of the kernel's log lost` : "";
  return `${plural(events, "event")}, ${formatCount(matched)} of them in the trace too${lost}`;
}

/** `Linux 6.1.0-18-amd64` */
export function describeRelease(release: string): string {
  return /^\d/.test(release) ? `Linux ${release}` : release;
}
