/** What a workload prints, apart from what kmemtap says of it: each line is marked, as in the report. */
const MARK = "  | ";

export class WorkloadOutput {
  readonly #write: (text: string) => void;
  /** The last line has no end yet. */
  #isOpen = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** @param text a piece of a line, or a line with its end; safe for a terminal */
  take(text: string): void {
    if (text === "") return;
    const lines = text.split("\n");
    // What follows the last end is empty, or a line that goes on.
    const rest = lines.pop() ?? "";
    const marked = lines.map((line, i) => `${i === 0 && this.#isOpen ? "" : MARK}${line}\n`).join("");
    const isContinued = lines.length === 0 && this.#isOpen;
    this.#write(marked + (rest === "" || isContinued ? rest : MARK + rest));
    this.#isOpen = rest !== "";
  }

  /** Before anything else is said. */
  endLine(): void {
    if (this.#isOpen) this.#write("\n");
    this.#isOpen = false;
  }
}
