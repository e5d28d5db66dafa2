/**
 * A terminal as a screen: lines that are drawn again only where they changed, since a serial console carries some hundred characters a
 * second, and keys as they are pressed. What was on it before is back when it is left, however that comes about.
 */
import type { Line, Size } from "./top-data.ts";
import { keysIn } from "./top-state.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l";
const STYLES: Readonly<Record<Line["style"], string>> = {
  plain: "",
  alarm: "\x1b[1;31m",
  head: "\x1b[7m",
  dim: "\x1b[2m",
};
/** Loss must be seen without colours too. */
const PALE: Readonly<Record<Line["style"], string>> = { plain: "", alarm: "\x1b[7m", head: "\x1b[7m", dim: "" };
/** What a serial console is taken to be, which does not say. */
const USUAL = { columns: 80, rows: 24 };

export class Terminal {
  #shown: string[] = [];
  #isOpen = false;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  readonly #styles = process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === "" ? STYLES : PALE;

  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#onKey = onKey;
    this.#onResize = onResize;
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return { columns: columns || USUAL.columns, rows: rows || USUAL.rows, ascii: !showsUnicode(process.env) };
  }

  open(): void {
    this.#isOpen = true;
    process.stdout.write(ENTER);
    process.stdout.on("resize", this.#resized);
    process.once("exit", this.close);
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true);
    process.stdin.setEncoding("utf8").on("data", this.#heard);
  }

  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.close);
    process.stdout.off("resize", this.#resized);
    process.stdout.write(LEAVE);
    if (!process.stdin.isTTY) return;
    process.stdin.off("data", this.#heard);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  };

  draw(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    const texts = lines.map(({ text, style }) =>
      this.#styles[style] === "" ? text : `${this.#styles[style]}${text}\x1b[0m`,
    );
    const count = Math.max(texts.length, this.#shown.length);
    let changes = "";
    for (let row = 0; row < count; row++) {
      if (texts[row] === this.#shown[row]) continue;
      changes += `\x1b[${String(row + 1)};1H${texts[row] ?? ""}\x1b[K`;
    }
    this.#shown = texts;
    if (changes !== "") process.stdout.write(changes);
  }

  readonly #heard = (sent: unknown): void => {
    for (const key of keysIn(String(sent))) this.#onKey(key);
  };

  readonly #resized = (): void => {
    this.#shown = [];
    process.stdout.write("\x1b[2J");
    this.#onResize();
  };
}

/** By the locale, as every program goes; the kernel's own console shows few others than ASCII. */
export function showsUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => value !== undefined && value !== "");
  return /utf-?8/i.test(locale ?? "") && env["TERM"] !== "linux" && env["TERM"] !== "dumb";
}
