/** The terminal that the loop runs in: what it was like, and what is made of it. */
import { LOOP_FUNCTIONS, QUIET_TERMINAL, TERMINAL_FACTS } from "./loader.ts";
import type { RemoteLoop } from "./remote-loop.ts";

export interface Terminal {
  /** How it was set when we came (`stty -g`); undefined where the target has no stty. */
  readonly saved: string | undefined;
  /** False on a console without a controlling terminal, as init's first shell has it: Ctrl-C reaches nobody there. */
  readonly interruptible: boolean;
  readonly hasDd: boolean;
}

/** Gives a fresh loop its functions, and the terminal its settings. `before` is what an earlier loop on this console found. */
export async function prepareTerminal(loop: RemoteLoop, before: Terminal | undefined): Promise<Terminal> {
  for (const line of LOOP_FUNCTIONS) await loop.exchange(line);
  const [saved = "", tty = "", dd = ""] = (await loop.ask(TERMINAL_FACTS)).split(";");
  const settable = /^[0-9a-f:]{10,}$/i.test(saved);
  if (settable) {
    await loop.exchange(QUIET_TERMINAL);
    loop.echoOff = true;
  }
  const hasDd = dd === "dd";
  if (!hasDd) loop.bufferBytes = Infinity;
  return {
    saved: before === undefined ? (settable ? saved : undefined) : before.saved,
    interruptible: tty === "tty",
    hasDd,
  };
}

/** The command that puts the terminal back. */
export function restoreCommand(terminal: Terminal): string {
  return terminal.saved === undefined ? ":" : `stty ${terminal.saved}`;
}
