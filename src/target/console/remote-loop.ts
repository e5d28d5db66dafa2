/** Our end of the loop that runs on the target (loader.ts): numbered lines, each typed until it is known to have arrived. */
import { KmemtapError } from "../../model/errors.ts";
import type { ConsoleLine } from "./console-line.ts";
import { acknowledged, findFrame, type Frame } from "./frame.ts";
import { type Check, checkOf } from "./loader.ts";
import { lastLines } from "./screen-text.ts";

/** What the loop is known to have on its side. */
export interface LoopFacts {
  readonly nonce: string;
  readonly check: Check;
}

export interface ExchangeOptions {
  /** The moment (`Date.now()`) at which waiting ends. */
  readonly deadline?: number;
  /** The line starts something that takes its time: it is asked again whether it is done, ever less often. */
  readonly patient?: boolean;
  /** Frames that answer this line; those with its own number where not given. */
  readonly accepts?: (tag: number) => boolean;
}

/** Damaged or unanswered lines in a row before the console is given up. */
const TRIES = 12;
const FIRST_WAIT_MS = 1500;
const LONGEST_WAIT_MS = 60_000;

export class RemoteLoop {
  readonly line: ConsoleLine;
  readonly facts: LoopFacts;
  /** Set where the terminal was told not to echo: a line that is echoed all the same went to somebody else. */
  echoOff = false;
  /** Unread bytes worth keeping. */
  bufferBytes = 256 * 1024;
  #seq = 0;
  #damaged = 0;

  constructor(line: ConsoleLine, facts: LoopFacts) {
    this.line = line;
    this.facts = facts;
  }

  /** The number of the line typed last. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * Has the loop do `payload` (sh, one short line), once.
   *
   * @returns the frame it printed; undefined where it printed none or the frame was damaged
   * @throws {KmemtapError} `link/lost`; `link/timeout` at the deadline; `console/no-shell` when the loop no longer answers
   */
  async exchange(payload: string, options: ExchangeOptions = {}): Promise<Frame | undefined> {
    const seq = ++this.#seq;
    const text = this.#lineText(seq, payload);
    const mark = this.line.received;
    const accepts = options.accepts ?? ((tag) => tag === seq);
    const deadline = options.deadline ?? Infinity;
    let waitMs = FIRST_WAIT_MS;
    let tries = 1;
    await this.line.type(text);
    for (;;) {
      const answer = this.#answer(seq, accepts);
      if (answer === "damaged") this.#noteDamage();
      else if (answer !== "none") return answer === "done" ? undefined : answer;
      else if (await this.line.more(Math.min(waitMs, deadline - Date.now()))) continue;
      else waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      if (Date.now() >= deadline) throw timedOut();
      if ((options.patient !== true && ++tries > TRIES) || this.#isGone(mark, text)) throw this.#silent();
      // The line end first: what arrived of the line before may be waiting for its own.
      await this.line.type(`\n${text}`);
    }
  }

  /** The frame that `payload` prints, asked for until it arrives undamaged. */
  async ask(payload: string, options: ExchangeOptions = {}): Promise<string> {
    for (let tries = 0; tries < TRIES; tries++) {
      const frame = await this.exchange(payload, options);
      if (frame !== undefined) return frame.body.toString("utf8");
    }
    throw this.#silent();
  }

  /** Waits until the line typed last is acknowledged; false after `waitMs`. */
  async settled(waitMs: number): Promise<boolean> {
    const end = Date.now() + waitMs;
    while (!acknowledged(this.line.buffer, this.facts.nonce, this.#seq)) {
      if (Date.now() >= end || !(await this.line.more(end - Date.now()))) return false;
    }
    return true;
  }

  /** Types a line and waits for nothing; what is returned types it again. */
  async tell(payload: string): Promise<() => Promise<void>> {
    const text = this.#lineText(++this.#seq, payload);
    await this.line.type(text);
    return () => this.line.type(`\n${text}`);
  }

  #lineText(seq: number, payload: string): string {
    const check = checkOf(Buffer.from(`${this.facts.nonce} ${seq} ${payload}`), this.facts.check);
    return `${seq} ${check},${payload}\n`;
  }

  #answer(seq: number, accepts: (tag: number) => boolean): Frame | "done" | "damaged" | "none" {
    const { line } = this;
    const { nonce, check } = this.facts;
    if (line.buffer.length === 0) return "none";
    const frame = findFrame(line.buffer, nonce, check, accepts);
    if (frame !== undefined) {
      line.clear();
      return frame;
    }
    if (acknowledged(line.buffer, nonce, seq)) {
      line.clear();
      return "done";
    }
    if (acknowledged(line.buffer, nonce, "-")) {
      line.clear();
      return "damaged";
    }
    if (line.buffer.length > this.bufferBytes) line.consume(line.buffer.length - this.bufferBytes / 4);
    return "none";
  }

  /** True where the line was echoed: it stands at a prompt, and the loop is no more. */
  #isGone(mark: number, text: string): boolean {
    return this.echoOff && this.line.textSince(mark).includes(text.slice(0, text.indexOf(",") + 1));
  }

  #noteDamage(): void {
    if (++this.#damaged >= 3) this.line.slow = true;
  }

  #silent(): KmemtapError {
    return new KmemtapError("console/no-shell", "the console no longer answers as a shell does", {
      nextStep: `look at the console; it says: ${lastLines(this.line.textSince(0)) || "nothing"}`,
    });
  }
}

function timedOut(): KmemtapError {
  return new KmemtapError("link/timeout", "the target did not answer in time");
}
