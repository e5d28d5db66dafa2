/** Ends what runs in the loop, by what a terminal has for it. */
import type { RemoteLoop } from "./remote-loop.ts";

const REACTION_MS = 2000;

/**
 * Ends the command that the line typed last began.
 *
 * @returns whether the loop answers again; where it does not, it is gone with the command or nothing could be done
 */
export async function interrupt(loop: RemoteLoop): Promise<boolean> {
  for (const key of ["\x03", "\x03", "\x1c"]) {
    await loop.line.type(key);
    if (await loop.settled(REACTION_MS)) return true;
  }
  await killJob(loop);
  return false;
}

/**
 * For what heeds neither Ctrl-C nor Ctrl-\: a shell with job control takes the terminal back and kills the whole loop, which it
 * knows by the nonce. Without job control nothing comes of it.
 */
export async function killJob(loop: RemoteLoop): Promise<void> {
  await loop.line.type("\x1a");
  await loop.line.listen(300, REACTION_MS);
  await loop.line.type(`\x15 kill -9 '%?${loop.facts.nonce}'\n`);
  await loop.line.listen(300, REACTION_MS);
}
