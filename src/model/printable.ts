/** Text of a target, a file's name, anybody's: fit for a terminal, which gets no escapes from it. Lines stay lines. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "?");
}
