/**
 * The text in lines of at most `width` characters, broken at spaces.
 *
 * @param pieces what a word that is longer becomes: it is broken where it must be, unless something else is said
 * @returns one line at least
 */
export function wrapWords(text: string, width: number, pieces = brokenAt): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && lengthOf(line) + 1 + lengthOf(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== "") lines.push(line);
    const parts = lengthOf(word) <= width ? [word] : pieces(word, width);
    lines.push(...parts.slice(0, -1));
    line = parts.at(-1) ?? "";
  }
  return [...lines, line];
}

function brokenAt(word: string, width: number): string[] {
  const characters = Array.from(word);
  const count = Math.ceil(characters.length / width);
  return Array.from({ length: count }, (_, i) => characters.slice(i * width, (i + 1) * width).join(""));
}

const lengthOf = (text: string) => Array.from(text).length;
