/**
 * What a reader does not see, but that changes what is seen around it: directions of text (U+202E), joiners, breaks of lines, fillers
 * (Unicode's general categories Cf, Zl and Zp, and Default_Ignorable_Code_Point).
 */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{DI}]/gu;
const UNSEEN_OR_CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]/gu;

/** Text of a target, a file's name, anybody's: fit for a terminal, which gets no escapes from it. Lines stay lines. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, "?").replace(UNSEEN, escapeOf);
}

/** A name that a target gave, as every room is to show it: `tty_\u{202e}nepo`. Others, that is all there are, stay as they are. */
export function visibleName(name: string): string {
  return name.replace(UNSEEN_OR_CONTROL, escapeOf);
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
