/** Names that would turn or hide the text around them. */
import { describe, expect, it } from "vitest";
import { printable, visibleName } from "../../src/model/printable.ts";

/** Directions of text, joiners, a byte-order mark, a soft hyphen, breaks, tags, fillers. */
const UNSEEN = Array.from(
  "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c" +
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u3164\u2028\u2029\u{e0041}",
);

describe("text of a target", () => {
  it.each(UNSEEN)("shows %j as an escape", (character) => {
    const escape = `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    expect(visibleName(`tty_${character}open`)).toBe(`tty_${escape}open`);
    expect(printable(`tty_${character}open\n`)).toBe(`tty_${escape}open\n`);
  });

  it("gives a terminal no controls: neither those of ASCII nor those beyond it", () => {
    expect(printable("a\x1b[2Jb\u009b2Jc\td\n")).toBe("a?[2Jb?2Jc\td\n");
    expect(visibleName("a\x1b[2J\u009b")).toBe("a\\u{1b}[2J\\u{9b}");
  });

  it.each(["tty_open+0x58/0x6e0", "_RNvCs1_4core4größe.isra.0", "内存"])("stays as it is: %s", (name) => {
    expect([visibleName(name), printable(name)]).toEqual([name, name]);
  });
});
