/** Finds a POSIX shell at the other end of a console, wherever in its life the console is. */
import { randomBytes } from "node:crypto";
import { KmemtapError } from "../../model/errors.ts";
import { isStoppedLoader, watchBoot } from "./boot-watch.ts";
import type { ConsoleLine } from "./console-line.ts";
import { type Check, PROBE_MARK } from "./loader.ts";
import { isLoginPrompt, isPasswordPrompt, logIn, type LoginContext } from "./login.ts";
import { lastLines } from "./screen-text.ts";

export interface FoundShell {
  readonly check: Check;
  /** True where we got in through a login prompt: `exit` logs out again. */
  readonly loggedIn: boolean;
  /** True where the console's own shell is not POSIX and `sh` was started in it. */
  readonly nested: boolean;
}

interface WayOut {
  readonly what: string;
  readonly keys: string;
  /** Where the console's last words are so, this is the way; without it, it is tried in its turn. */
  readonly seen?: RegExp;
}

/**
 * Ways out of a program, the gentle ones first. Never Ctrl-D: it logs out where it does not help. Each is followed by Ctrl-U,
 * so that what was meant for a program that is not there does not stay on a shell's line.
 */
const WAYS_OUT: readonly WayOut[] = [
  { what: "a shell that is not POSIX", keys: "sh\n", seen: /Illegal variable name|Undefined variable|fish: /i },
  { what: "a Python prompt", keys: "exit()\n", seen: /(?:^|\n)>>> ?$/ },
  { what: "a pager", keys: "q", seen: /(?:--More--[^\n]*|\(END\)|(?:^|\n):|lines \d+-\d+[^\n]*) ?$/ },
  { what: "an editor", keys: "\x1b\x1b:q!\r", seen: /(?:\n?~\s*){4}|-- INSERT --/ },
];
const LADDER: readonly WayOut[] = [
  { what: "nothing", keys: "" },
  { what: "noise", keys: "" },
  { what: "a half-typed command or a running program", keys: "\x03" },
  { what: "a program that cleans up", keys: "\x03" },
  { what: "a pager", keys: "q" },
  { what: "an editor", keys: "\x1b\x1b:q!\r" },
  { what: "a shell that is not POSIX", keys: "sh\n" },
  { what: "a program that ignores Ctrl-C", keys: "\x1c" },
  { what: "the same again", keys: "\x03" },
];
const CLEAR_LINE = "\x15";
/** A system that boots may be silent for so long between its loader and its first prompt. */
const BOOT_PATIENCE_MS = 60_000;
/** Left for the ways out once that is over. */
const LADDER_MS = 25_000;
const PROMPTS_LIMIT = 6;
/** Ways out that are tried where not a byte has ever come. */
const SILENT_STEPS = 5;

/** @throws {KmemtapError} `console/no-answer`, `console/no-shell`, `console/login`, `link/lost` */
export async function findShell(line: ConsoleLine, context: LoginContext, deadline: number): Promise<FoundShell> {
  const waysTried = new Map<WayOut, number>();
  let loggedIn = false;
  let prompts = 0;
  let step = 0;
  let bootSeenAt = (await watchBoot(line, deadline)) ? Date.now() : undefined;
  // Wakes a getty, and shows a prompt again that lines of log have pushed away.
  await press(line, `${CLEAR_LINE}\n`);
  while (Date.now() < deadline) {
    const screen = line.textSince(0);
    if (isStoppedLoader(screen)) throw stoppedLoader(context.label, screen);
    if ((isLoginPrompt(screen) || isPasswordPrompt(screen)) && ++prompts <= PROMPTS_LIMIT) {
      if (!isLoginPrompt(screen) && (await answersLeftPassword(line))) continue;
      await logIn(line, isLoginPrompt(line.textSince(0)) ? "login" : "password", context);
      loggedIn = true;
      step = 0;
      continue;
    }
    const known = WAYS_OUT.find((way) => way.seen?.test(screen) === true && (waysTried.get(way) ?? 0) < 2);
    const way = known ?? LADDER.at(step);
    if (way === undefined || (line.received === 0 && step >= SILENT_STEPS)) break;
    waysTried.set(way, (waysTried.get(way) ?? 0) + 1);
    if (known === undefined) step++;
    if (way.keys !== "") await press(line, way.keys);
    if (isLoginPrompt(line.textSince(0))) continue;
    const check = await probe(line);
    if (check !== undefined) return { check, loggedIn, nested: way.keys === "sh\n" };
    // What still boots is given time, and no Ctrl-C.
    if (bootSeenAt !== undefined && step === 2) {
      if (await watchBoot(line, deadline)) bootSeenAt = Date.now();
      const patient = Date.now() < Math.min(bootSeenAt + BOOT_PATIENCE_MS, deadline - LADDER_MS);
      if (patient) step = 0;
    }
  }
  throw line.received === 0 ? noAnswer(context.label) : noShell(context.label, line.textSince(0), context);
}

/** Types keys and gives whatever is there the time to react. */
async function press(line: ConsoleLine, keys: string): Promise<void> {
  await line.type(keys);
  await line.listen(1200, 1500, (text) => text.trim() !== "");
  await line.listen(250, 1500);
}

/**
 * A password prompt that somebody left: it is answered with nothing, which ends it. True where it made way for something else;
 * a console that asks for a password alone (sulogin) asks again.
 */
async function answersLeftPassword(line: ConsoleLine): Promise<boolean> {
  await line.type("\n");
  await line.listen(6000, 8000, (text) => isLoginPrompt(text) || isPasswordPrompt(text));
  return !isPasswordPrompt(line.textSince(0));
}

/**
 * Asks whether a POSIX shell is there. The line holds the answer nowhere, so that its echo is never taken for one.
 *
 * @returns how lines can be checked there; undefined without an answer
 */
async function probe(line: ConsoleLine): Promise<Check | undefined> {
  const [one, two] = [nonce(), nonce()];
  const answer = new RegExp(`${one}${two}42:([\\d ]*):`);
  const mark = line.received;
  const answered = (text: string): boolean => answer.test(text);
  await line.type(`${CLEAR_LINE} ${PROBE_MARK}echo "${one}""${two}$((6*7)):\`printf %s x|cksum\`:"\n`);
  if (!(await line.listen(2000, 4000, answered))) return undefined;
  const sum = answer.exec(line.textSince(mark))?.[1]?.trim() ?? "";
  // Its prompt, which nobody needs, is let pass.
  await line.listen(150, 1000);
  return /^\d+ 1$/.test(sum) ? "cksum" : "length";
}

/** Letters and digits that no console says by itself. */
export function nonce(): string {
  return randomBytes(4).toString("hex");
}

function noAnswer(label: string): KmemtapError {
  return new KmemtapError("console/no-answer", `nothing came from the console of ${label}`, {
    nextStep:
      "check that the target is switched on, the cable and the baud rate, and that a console or getty runs on that port",
  });
}

function noShell(label: string, screen: string, context: LoginContext): KmemtapError {
  return new KmemtapError("console/no-shell", `there is no shell on the console of ${label}`, {
    nextStep: `get the console to a shell's prompt; it says: ${lastLines(screen, context.login.password) || "nothing"}`,
  });
}

function stoppedLoader(label: string, screen: string): KmemtapError {
  return new KmemtapError("console/no-shell", `the console of ${label} is in its boot loader`, {
    nextStep: `boot the system from there; it says: ${lastLines(screen)}`,
  });
}
