/** Waits until a console that is booting is through: a key at the wrong moment stops a boot loader for good. */
import type { ConsoleLine } from "./console-line.ts";
import { isLoginPrompt, isPasswordPrompt } from "./login.ts";

/** What firmware, boot loaders and a starting kernel say, and no running system. */
const BOOT_LOADER =
  /U-Boot|any key to stop|autoboot|GNU GRUB|GRUB loading|Booting [`'"a-z]|SeaBIOS|iPXE|ISOLINUX|SYSLINUX|barebox|coreboot|EFI stub|Starting kernel|Uncompressing Linux|Loading (?:initial ramdisk|Linux)|highlighted entry will be executed/i;
/** A boot loader that was stopped already, by somebody else. */
const STOPPED_LOADER = /(?:^|\n)(?:=>|U-Boot>|[A-Za-z0-9_-]+ # |grub(?: rescue)?>|barebox@[^\n]*:\/?) ?$/;

const POLL_MS = 100;
/** A countdown speaks every second. */
const COUNTDOWN_SILENCE_MS = 1300;
const BOOT_SILENCE_MS = 3000;
const PROMPT_SILENCE_MS = 300;
/** A console that talks for ever is a program, not a boot. */
const CHATTER_LIMIT_MS = 6000;
const BOOT_CHATTER_LIMIT_MS = 30_000;

export function isStoppedLoader(text: string): boolean {
  return STOPPED_LOADER.test(text) && (BOOT_LOADER.test(text) || /(?:^|\n)(?:U-Boot|grub)/.test(text));
}

/**
 * Listens without typing, until the console waits for somebody or has nothing more to say.
 *
 * @returns whether a boot was watched
 */
export async function watchBoot(line: ConsoleLine, deadline: number): Promise<boolean> {
  let booting = false;
  let quietSince = Date.now();
  let chatterEnd = quietSince + CHATTER_LIMIT_MS;
  for (;;) {
    const mark = line.received;
    await line.listen(POLL_MS, POLL_MS);
    const now = Date.now();
    if (line.received > mark) quietSince = now;
    // A few bytes before, since the words may have come in two parts.
    if (line.received > mark && BOOT_LOADER.test(line.textSince(Math.max(0, mark - 40)))) {
      booting = true;
      chatterEnd = now + BOOT_CHATTER_LIMIT_MS;
    }
    const quietMs = now - quietSince;
    if (quietMs >= PROMPT_SILENCE_MS && waitsForSomebody(line.textSince(0))) return booting;
    if (quietMs >= (booting ? BOOT_SILENCE_MS : COUNTDOWN_SILENCE_MS)) return booting;
    if (now >= chatterEnd || now >= deadline) return booting;
  }
}

/** True where the last thing said is a prompt that no boot loader has. */
function waitsForSomebody(text: string): boolean {
  return (
    isLoginPrompt(text) || isPasswordPrompt(text) || (/(?:^|\n)[^\n]{0,80}[$#%] $/.test(text) && !isStoppedLoader(text))
  );
}
