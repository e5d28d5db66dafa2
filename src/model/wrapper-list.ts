/**
 * Functions that allocate for their caller (kstrdup, kmemdup, __alloc_skb …): a call site in one of them says who asked the
 * allocator, not who holds the memory.
 */
import { functionOf, olderNameOf } from "./function-name.ts";

/** Of a call site's text. Names are those of {@link functionOf}, without what compilers append. */
export class WrapperList {
  readonly #names: ReadonlySet<string>;
  /** Beginnings, of names with a star at their end; any other place of a star is matched by {@link #patterns}. */
  readonly #beginnings: readonly string[];
  readonly #patterns: readonly RegExp[];

  constructor(entries: readonly string[]) {
    const hasStar = entries.filter((entry) => entry.includes("*"));
    this.#names = new Set(entries.filter((entry) => !entry.includes("*")));
    this.#beginnings = hasStar
      .filter((entry) => entry.indexOf("*") === entry.length - 1)
      .map((entry) => entry.slice(0, -1));
    this.#patterns = hasStar
      .filter((entry) => entry.indexOf("*") !== entry.length - 1)
      .map((entry) => new RegExp(`^${entry.split("*").map(escaped).join(".*")}$`));
  }

  /** A function a line; `#` begins a comment. What can be no name is left out of the list, and told to `onFault` with its line. */
  static parse(text: string, onFault?: (line: number, entry: string) => void): WrapperList {
    const entries: string[] = [];
    for (const [index, line] of text.split("\n").entries()) {
      const entry = line.replace(/#.*/, "").trim();
      if (entry === "") continue;
      if (/^[\w.*$]+$/.test(entry)) entries.push(entry.replace(/_noprof$/, ""));
      else onFault?.(index + 1, entry);
    }
    return new WrapperList(entries);
  }

  /** Whether the function of this call site, or frame, is one of them. An address without a name never is. */
  has(callSite: string): boolean {
    const older = olderNameOf(callSite);
    return this.#holds(functionOf(callSite).name) || (older !== undefined && this.#holds(older));
  }

  #holds(name: string): boolean {
    return (
      this.#names.has(name) ||
      this.#beginnings.some((beginning) => name.startsWith(beginning)) ||
      this.#patterns.some((pattern) => pattern.test(name))
    );
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.$]/g, "\\$&");
}
