/**
 * A conversation with llvm-symbolizer, which is kept alive: it reads a kernel's debug information (600 MB) once. Questions go to its
 * standard input, answers come back in the same order.
 *
 * It is asked without `--obj`, so that one process serves the kernel and all modules. Only so many questions are on their way at a time: neither pipe fills
 * up, and what dies with it is little.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { type Answer, type AnswerReader, DataAnswers, type Frames, JsonAnswers, TextAnswers } from "./answers.ts";
import type { FoundSymbolizer } from "./find-symbolizer.ts";

/** Where an address is, as the file itself counts. */
export interface Place {
  readonly file: string;
  readonly address: bigint;
}

export interface SymbolizerOptions {
  /** Of `data` the answers are variables, each a frame with where it is declared; not in JSON, which has no such place (as of LLVM 19). */
  readonly about?: "code" | "data";
  /** How long it may be silent while an answer is due: the first one of a file takes seconds. */
  readonly answerMs?: number;
  readonly inFlight?: number;
  /** How often it is started again after it died or hung; then it is left alone. */
  readonly restarts?: number;
}

interface Question extends Place {
  readonly resolve: (frames: Frames | undefined) => void;
}

const DEFAULTS = { about: "code" as const, answerMs: 60_000, inFlight: 64, restarts: 3 };

export class Symbolizer {
  readonly #found: FoundSymbolizer;
  readonly #options: Required<SymbolizerOptions>;
  readonly #waiting: Question[] = [];
  #asked: Question[] = [];
  #process: ChildProcessWithoutNullStreams | undefined;
  #answers: AnswerReader = new JsonAnswers();
  #rest = "";
  #timer: NodeJS.Timeout | undefined;
  #restartsLeft: number;
  #closed = false;
  readonly #findings = new Set<string>();
  /** Times that it died or hung, and how the first time. */
  #failures = 0;
  #firstFailure = "";

  constructor(found: FoundSymbolizer, options: SymbolizerOptions = {}) {
    this.#found = found;
    this.#options = { ...DEFAULTS, ...options };
    this.#restartsLeft = this.#options.restarts;
  }

  /** What went wrong, a line each, with what to do. */
  get findings(): readonly string[] {
    if (this.#failures === 0) return [...this.#findings];
    const times = this.#failures === 1 ? "" : ` (the first of ${String(this.#failures)} times)`;
    const next = this.works
      ? "it was started again, what it was asked then has no line"
      : "it was given up, what it was not asked before has no line";
    const help = `another version may do better: apt-get install llvm`;
    return [
      ...this.#findings,
      `${this.#found.path} (LLVM ${this.#found.version}) ${this.#firstFailure}${times}: ${next}; ${help}`,
    ];
  }

  /** False once it is given up: nothing is answered any more. */
  get works(): boolean {
    return !this.#closed && this.#restartsLeft >= 0;
  }

  /**
   * The frames of each place, in order; undefined where there is no answer. Never rejects.
   *
   * @param onAnswer told at each answer how many there are, of how many
   */
  async ask(
    places: readonly Place[],
    onAnswer?: (done: number, of: number) => void,
  ): Promise<readonly (Frames | undefined)[]> {
    const answers = places.map(
      ({ file, address }) =>
        new Promise<Frames | undefined>((resolve) => {
          if (isAskable(file)) this.#waiting.push({ file, address, resolve });
          else {
            this.#findings.add(
              `llvm-symbolizer cannot be asked for ${JSON.stringify(file)}: use a path without quotes`,
            );
            resolve(undefined);
          }
        }),
    );
    if (onAnswer !== undefined) {
      let done = 0;
      for (const answer of answers) void answer.then(() => onAnswer(++done, answers.length));
    }
    this.#send();
    return Promise.all(answers);
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#settle([...this.#asked.splice(0), ...this.#waiting.splice(0)]);
  }

  #send(): void {
    if (!this.works) {
      this.#settle(this.#waiting.splice(0));
      return;
    }
    if (this.#waiting.length === 0) return;
    const process = (this.#process ??= this.#start());
    while (this.#asked.length < this.#options.inFlight) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#asked.push(next);
      process.stdin.write(`${this.#options.about.toUpperCase()} "${next.file}" 0x${next.address.toString(16)}\n`);
    }
    this.#watch();
  }

  #start(): ChildProcessWithoutNullStreams {
    const { path } = this.#found;
    const isData = this.#options.about === "data";
    const json = this.#found.json && !isData;
    const form = json ? ["--output-style=JSON"] : ["--output-style=LLVM", "--print-address"];
    const process = spawn(path, ["--inlines", "--functions=linkage", "--no-demangle", ...form]);
    this.#answers = isData ? new DataAnswers() : json ? new JsonAnswers() : new TextAnswers();
    this.#rest = "";
    let said = "";
    process.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (process === this.#process) this.#hear(text);
    });
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-1000);
    });
    // A write to one that has died: its exit says more.
    process.stdin.on("error", () => undefined);
    process.on("error", (thrown) => {
      if (process === this.#process) this.#fail(`cannot be started: ${thrown.message}`);
    });
    process.on("close", (code, signal) => {
      if (process !== this.#process) return;
      const how = signal === null ? `exited with ${String(code)}` : `was ended by ${signal}`;
      this.#fail(`${how}${said.trim() === "" ? "" : ` (${said.trim().split("\n").at(-1) ?? ""})`}`);
    });
    return process;
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const answer = this.#answers.take(line.replace(/\r$/, ""));
      if (answer !== undefined) this.#take(answer);
    }
    this.#send();
    this.#watch();
  }

  #take(answer: Answer): void {
    const question = this.#asked.shift();
    if (question === undefined) return;
    if ("failure" in answer) {
      this.#findings.add(`llvm-symbolizer cannot read ${question.file}: ${answer.failure}`);
      question.resolve(undefined);
      return;
    }
    if (answer.address !== "" && BigInt(answer.address) !== question.address) {
      // Out of step: no later answer could be trusted.
      this.#asked.unshift(question);
      this.#fail(`answered for ${answer.address}, asked for 0x${question.address.toString(16)}`);
      return;
    }
    question.resolve(answer.frames);
  }

  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#asked.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#fail(`has not answered for ${String(Math.round(this.#options.answerMs / 1000))} s`);
    }, this.#options.answerMs);
  }

  /** The question that it died on stays without an answer; those behind are asked of another. */
  #fail(what: string): void {
    this.#stop();
    const [culprit, ...others] = this.#asked.splice(0);
    this.#waiting.unshift(...others);
    this.#restartsLeft -= 1;
    const at =
      (culprit as Question | undefined) === undefined ? "" : ` at 0x${culprit.address.toString(16)} of ${culprit.file}`;
    if (this.#failures === 0) this.#firstFailure = what + at;
    this.#failures += 1;
    if ((culprit as Question | undefined) !== undefined) this.#settle([culprit]);
    this.#send();
  }

  #settle(questions: readonly Question[]): void {
    for (const { resolve } of questions) resolve(undefined);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    const process = this.#process;
    this.#process = undefined;
    process?.kill("SIGKILL");
  }
}

/** A line of a question is `CODE "FILE" ADDRESS`; quotes cannot be escaped. */
function isAskable(file: string): boolean {
  return !/["\n\r]/.test(file);
}
