/** A workload as it is written into its field. Pure. */

export interface Phase {
  readonly name: string;
  readonly command: string;
}

export type Phases =
  { readonly state: "phases"; readonly phases: Phase[] } | { readonly state: "wrong"; readonly why: string };

/** As the protocol has it (model/wire-request.ts). */
const NAME = /^[\w.-]{1,64}$/;
const MOST = 32;

/** `NAME=COMMAND`, a line each; empty lines are left out. */
export function parsePhases(text: string): Phases {
  const phases: Phase[] = [];
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const equals = line.indexOf("=");
    const [name, command] = [line.slice(0, Math.max(0, equals)).trim(), line.slice(equals + 1).trim()];
    if (!NAME.test(name))
      return { state: "wrong", why: `${line.trim()}: begin with a name of letters and digits, then =` };
    if (command === "") return { state: "wrong", why: `${name} has no command` };
    phases.push({ name, command });
  }
  if (phases.length === 0) return { state: "wrong", why: "no phase" };
  return phases.length > MOST ? { state: "wrong", why: `at most ${MOST} phases` } : { state: "phases", phases };
}
