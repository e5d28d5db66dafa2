/** Why a guest is gone: QEMU tells an orderly end from its own death, but not from a panic, which only the console tells. */
import { readFile } from "node:fs/promises";
import { KmemtapError } from "../../model/errors.ts";
import type { EmulatorEnd } from "./emulator.ts";

export interface GuestEnd {
  /** A line for people. */
  readonly reason: string;
  /** Where the guest did not end as it should: what to throw. */
  readonly failure?: KmemtapError;
}

/** What `panic()` prints first (kernel/panic.c); its last line repeats it behind `---[ end`. */
const PANIC = /(?<!\bend )Kernel panic - not syncing: [^\r\n]*/g;

/** The last panic that a console's text tells of; undefined where there is none. */
export function panicIn(consoleText: string): string | undefined {
  return consoleText.match(PANIC)?.at(-1)?.trimEnd();
}

/** @param consoleFile what QEMU wrote of the kernel's console, whole by now */
export async function guestEnd(exited: Promise<EmulatorEnd>, consoleFile: string): Promise<GuestEnd> {
  const { reason, isOrderly } = await exited;
  const panic = panicIn(await readFile(consoleFile, "utf8").catch(() => ""));
  if (panic === undefined && isOrderly) return { reason };
  const text = panic === undefined ? reason : `the guest's kernel panicked: ${panic}`;
  const nextStep =
    panic === undefined
      ? "check this machine's memory and its QEMU; then start again"
      : "what was captured up to then is accounted; start again for a new guest";
  return { reason: text, failure: new KmemtapError("target/failed", text, { nextStep }) };
}
