import type { AgentLine } from "./agent-line.ts";

/** Nobody takes more than these, so the oldest go: stats are cumulative, and the newest say it all. */
const MAX_WAITING = 4096;

/** Lines that wait to be taken; as many as are of use. */
export class LineQueue implements AsyncIterable<AgentLine> {
  #lines: AgentLine[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  push(line: AgentLine): void {
    this.#lines.push(line);
    if (this.#lines.length > MAX_WAITING) this.#lines.splice(0, MAX_WAITING / 2);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AgentLine> {
    for (;;) {
      yield* this.#lines.splice(0);
      if (this.#ended) return;
      if (this.#lines.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
