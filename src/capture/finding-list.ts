import { printable } from "../model/printable.ts";

/** A target that says ever new things of itself is shown by so many of them. */
const MAX_FINDINGS = 100;

/** What was found out of a target, a line for people each, once. */
export class FindingList {
  readonly #lines = new Set<string>();
  #leftOut = 0;

  add(text: string): void {
    const finding = printable(text);
    if (this.#lines.size < MAX_FINDINGS || this.#lines.has(finding)) this.#lines.add(finding);
    else this.#leftOut += 1;
  }

  get lines(): string[] {
    return this.#leftOut === 0 ? [...this.#lines] : [...this.#lines, `${this.#leftOut} more findings are not shown`];
  }
}
