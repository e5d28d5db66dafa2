/** A course of numbers in one line of text. */

const BLOCKS = Array.from("▁▂▃▄▅▆▇█");
/** For consoles that show no others. */
const ASCII = Array.from("_.-~=*#@");

/** The last `width` values, from the least to the most of them; all alike are the lowest mark. */
export function sparkline(values: readonly number[], width: number, ascii: boolean): string {
  const shown = values.slice(-Math.max(width, 1));
  const marks = ascii ? ASCII : BLOCKS;
  const least = Math.min(...shown);
  const span = Math.max(...shown) - least;
  return shown.map((value) => marks[span === 0 ? 0 : Math.round(((value - least) / span) * 7)]).join("");
}
