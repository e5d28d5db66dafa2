/** Getting past a login prompt. What is typed here is shown nowhere. */
import { KmemtapError } from "../../model/errors.ts";
import type { AskSecret } from "../../model/ports.ts";
import type { ConsoleLogin } from "../../model/target.ts";
import type { ConsoleLine } from "./console-line.ts";
import { lastLines } from "./screen-text.ts";

export interface LoginContext {
  readonly login: ConsoleLogin;
  readonly ask: AskSecret;
  /** What the operator called the target. */
  readonly label: string;
}

const LOGIN_PROMPT = /(?:^|\n|[\w.-] )(?<!last )(?:login|username|user name)( as)?: *$/i;
/** With sulogin's, whose question goes on for another line. */
const PASSWORD_PROMPT = /(?:pass(?:word|code|phrase)[^\n]{0,60}: *|password for maintenance[^]{0,80}continue\): *)$/i;
const NEW_PASSWORD = /(?:new|current|old) (?:unix )?password: *$/i;
const REFUSED =
  /login incorrect|incorrect password|authentication failure|access denied|permission denied|login failed/i;

const PROMPT_WAIT_MS = 15_000;
/** A login that failed is answered after three seconds or more (pam_faildelay). */
const ANSWER_WAIT_MS = 20_000;
const ASK_TRIES = 3;

export function isLoginPrompt(text: string): boolean {
  return LOGIN_PROMPT.test(text);
}

export function isPasswordPrompt(text: string): boolean {
  return PASSWORD_PROMPT.test(text);
}

/**
 * Logs in at the login prompt, or at the lone password prompt, that the console shows.
 *
 * @throws {KmemtapError} `console/login`
 */
export async function logIn(line: ConsoleLine, prompt: "login" | "password", context: LoginContext): Promise<void> {
  const { login, ask, label } = context;
  for (let tries = 0; tries < ASK_TRIES; tries++) {
    let at = prompt;
    if (at === "login") {
      const user = login.user ?? (await ask(`user for ${label}: `));
      if (user === undefined) throw nobodyToAsk(label, "a user");
      at = await typeUser(line, user);
    }
    if (at === "login") continue;
    if (!isPasswordPrompt(line.textSince(0))) return;
    const password = login.password ?? (await ask(`password for ${login.user ?? label}: `));
    if (password === undefined) throw nobodyToAsk(label, "a password");
    const outcome = await typePassword(line, password);
    if (outcome === "in") return;
    if (outcome === "expired") {
      throw new KmemtapError("console/login", `${label} wants a new password before it lets anyone in`, {
        nextStep: "log in by hand once and set it",
      });
    }
    if (login.password !== undefined) throw refused(label, line, password);
    prompt = "login";
  }
  throw refused(label, line, undefined);
}

/** What is asked for next: "password", which also stands for nothing at all, or the login again. */
async function typeUser(line: ConsoleLine, user: string): Promise<"login" | "password"> {
  const mark = line.received;
  await line.type(`${user}\n`);
  await line.listen(PROMPT_WAIT_MS, PROMPT_WAIT_MS, (text) => isPasswordPrompt(text) || isOver(text));
  // A shell without a password greets and prompts; give it time to do so.
  await line.listen(400, 3000, isPasswordPrompt);
  return isLoginPrompt(line.textSince(mark)) ? "login" : "password";
}

async function typePassword(line: ConsoleLine, password: string): Promise<"in" | "refused" | "expired"> {
  const mark = line.received;
  await line.type(`${password}\n`);
  await line.listen(ANSWER_WAIT_MS, ANSWER_WAIT_MS, (text) => isOver(text) || NEW_PASSWORD.test(text));
  await line.listen(400, 3000);
  const text = line.textSince(mark);
  if (NEW_PASSWORD.test(text)) return "expired";
  if (!REFUSED.test(text) && !isLoginPrompt(text) && !isPasswordPrompt(text)) return "in";
  // The prompt for the next try comes late with some.
  if (!isLoginPrompt(text)) await line.listen(6000, 6000, isLoginPrompt);
  return "refused";
}

/** True where more than the echo of a line end has come. */
function isOver(text: string): boolean {
  const rest = text.replace(/^[^\n]*\n/, "").trim();
  return rest !== "" || REFUSED.test(text) || isLoginPrompt(text);
}

function nobodyToAsk(label: string, what: string): KmemtapError {
  return new KmemtapError("console/login", `the console of ${label} wants ${what}`, {
    nextStep: "give user and password in the configuration, or run kmemtap in a terminal, where it asks",
  });
}

function refused(label: string, line: ConsoleLine, password: string | undefined): KmemtapError {
  return new KmemtapError("console/login", `the console of ${label} refused the login`, {
    nextStep: `check user and password; it said: ${lastLines(line.textSince(0), password)}`,
  });
}
