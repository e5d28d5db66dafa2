/** From a shell's prompt into the loop: the loader is typed, checked, and started. */
import { KmemtapError } from "../../model/errors.ts";
import type { ConsoleLine } from "./console-line.ts";
import { nonce } from "./find-shell.ts";
import { type Check, checkOf, loaderText } from "./loader.ts";
import { RemoteLoop } from "./remote-loop.ts";
import { lastLines } from "./screen-text.ts";

/** Together with what is around it, a line of fewer than 255 characters. */
const PIECE_CHARS = 150;
const TRIES = 5;
const ANSWER_MS = 4000;

/** @throws {KmemtapError} `console/no-shell`, `link/lost` */
export async function enterLoop(line: ConsoleLine, check: Check): Promise<RemoteLoop> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 1) line.slow = true;
    // An open quote, from a line that arrived in part.
    if (tries > 0) await line.type("\x03");
    if (!(await typeLoader(line, check))) continue;
    const loop = new RemoteLoop(line, { nonce: nonce(), check });
    const hello = `[${loop.facts.nonce} 0]`;
    line.clear();
    await line.type(`\x15 sh -c "$K" kmemtap ${loop.facts.nonce}\n`);
    await line.listen(ANSWER_MS, ANSWER_MS, (text) => text.includes(hello));
    if (await answers(loop)) return loop;
  }
  throw new KmemtapError("console/no-shell", "the console's shell does not do what is typed", {
    nextStep: `look at the console; it says: ${lastLines(line.textSince(0))}`,
  });
}

/** Whether the loop does as it is told; its greeting may have been hit by a line of log. */
async function answers(loop: RemoteLoop): Promise<boolean> {
  try {
    await loop.exchange(":", { deadline: Date.now() + ANSWER_MS });
    return true;
  } catch (thrown) {
    if (thrown instanceof KmemtapError && thrown.code === "link/timeout") return false;
    throw thrown;
  }
}

/** Puts the loader into the shell's variable `K`; false where it did not arrive as it was typed. */
async function typeLoader(line: ConsoleLine, check: Check): Promise<boolean> {
  const text = loaderText(check);
  for (let at = 0; at < text.length; at += PIECE_CHARS) {
    const piece = text.slice(at, at + PIECE_CHARS);
    const length = Math.min(text.length, at + PIECE_CHARS);
    if (!(await say(line, `K=${at === 0 ? "" : "$K"}'${piece}'`, "${#K}", String(length)))) return false;
  }
  const sum = check === "cksum" ? '$(printf %s "$K"|cksum)' : "${#K}";
  return say(line, ":", sum, checkOf(Buffer.from(text), check));
}

/** Types a command and whether `value`, which the shell expands, is then as expected. */
async function say(line: ConsoleLine, command: string, value: string, expected: string): Promise<boolean> {
  const [one, two] = [nonce(), nonce()];
  await line.type(`\x15 ${command};echo "${one}""${two}:${value}:"\n`);
  return line.listen(ANSWER_MS, 2 * ANSWER_MS, (text) => text.includes(`${one}${two}:${expected}:`));
}
