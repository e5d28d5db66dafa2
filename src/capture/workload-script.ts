/**
 * A workload on an armed target: its phases, one after the other, round by round, each awaited by the marks that it leaves
 * in the stream.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError } from "../model/errors.ts";
import { type AgentLine, countOf, fieldsOf } from "../target/agent/agent-line.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import type { WorkloadListener } from "./live-options.ts";
import type { PhaseChange, WhichPhase } from "./workload-account.ts";

export interface WorkloadPhaseSpec {
  readonly name: string;
  readonly command: string;
}

export interface WorkloadScriptOptions {
  readonly phases: readonly WorkloadPhaseSpec[];
  readonly rounds: number;
  /** Milliseconds for what is freed late (RCU, workqueues) after each round. */
  readonly settleMs: number;
  /** Symbols of these modules are read before each phase ("all": of every module), so that their names outlive them. */
  readonly modules: string;
  /** The capture goes on already, for others too; this tells its phases from those of other workloads. */
  readonly underWay?: string;
  /** What happens from now on is recorded; the first phase comes next. Never of a capture that goes on already. */
  onArmed?(): void;
  /** What a command of the workload prints. */
  onOutput(phase: string, round: number, text: string): void;
  onPhase(phase: WorkloadPhaseSpec, round: number): void;
  /** @param status its exit status; null where the agent's line does not tell */
  onPhaseEnd(phase: WorkloadPhaseSpec, round: number, status: number | null): void;
}

interface RunningPhase {
  readonly phase: WorkloadPhaseSpec;
  readonly round: number;
  readonly id: string;
}

/** Who on the target passes on what the workload prints. */
const OUTPUT_WRITER = "o";
/** How often the agent is asked again for the end of a phase: its mark may have been overwritten in the ring buffer. */
const ASK_AGAIN_MS = 5000;

export class WorkloadScript implements WorkloadListener {
  readonly #options: WorkloadScriptOptions;
  readonly #agent: AgentSource;
  #waiting: { readonly type: string; readonly name: string; resolve(line: AgentLine): void } | undefined;
  /** Lines of types that may come before they are waited for. */
  readonly #heard = new Map<string, AgentLine>();
  #current: RunningPhase | undefined;
  /** The account has been told of the current phase's beginning, and of its end. */
  #told = { begin: false, end: false };
  readonly #over = new AbortController();
  #failure: KmemtapError | undefined;
  #pid: number | undefined;
  #stopped: AbortSignal | undefined;
  /** Number of the last piece of output; undefined where others have had theirs before. */
  #lastOut: number | undefined;

  constructor(agent: AgentSource, options: WorkloadScriptOptions) {
    this.#agent = agent;
    this.#options = options;
    if (options.underWay === undefined) this.#lastOut = 0;
  }

  hear(line: AgentLine): PhaseChange | undefined {
    if (line.writer === OUTPUT_WRITER) this.#noteLostOutput(line.seq);
    const change = this.#changeOf(line);
    const name = nameOf(line);
    // Where nothing on the target can read them there is nothing to wait for.
    const type = line.type === "symbols-none" ? "symbols-done" : line.type;
    if (this.#waiting?.type === type && this.#waiting.name === name) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting.resolve(line);
      // Of a phase, only what the current one says is ever asked for.
    } else if (name === "" || name === this.#current?.id) this.#heard.set(`${type} ${name}`, line);
    return change;
  }

  /** A number that is missing is a piece that was overwritten in the ring buffer, or cut on the way. */
  #noteLostOutput(seq: number): void {
    const last = this.#lastOut ?? seq - 1;
    const lost = seq - last - 1;
    this.#lastOut = Math.max(last, seq);
    if (lost <= 0 || this.#current === undefined) return;
    const { phase, round } = this.#current;
    this.#options.onOutput(
      phase.name,
      round,
      `\n[${lost} ${lost === 1 ? "piece of the output was" : "pieces of the output were"} lost on the way]\n`,
    );
  }

  /** The capture is over: nothing more will be heard. */
  over(failure?: KmemtapError): void {
    this.#failure = failure;
    this.#over.abort();
    this.#waiting?.resolve({ writer: "k", seq: 0, type: "over", text: "" });
  }

  /**
   * Runs it to its end, or until the capture is over; resolves to whether every phase ran to its end.
   *
   * @param stopped aborts when the operator wants it to end
   */
  async run(stopped: AbortSignal): Promise<boolean> {
    this.#stopped = stopped;
    stopped.addEventListener("abort", () => this.#terminate(), { once: true });
    if (this.#options.underWay === undefined) await this.#beginWindow(stopped);
    for (let round = 1; round <= this.#options.rounds && !this.#isOver(stopped); round++) {
      for (const phase of this.#options.phases) {
        if (this.#isOver(stopped)) break;
        await this.#readSymbols(stopped);
        await this.#perform(phase, round, stopped);
      }
      if (!this.#isOver(stopped)) await this.#settle(stopped);
    }
    return !this.#isOver(stopped);
  }

  async #beginWindow(stopped: AbortSignal): Promise<void> {
    await this.#await("armed", "", stopped);
    if (this.#isOver(stopped)) return;
    // A mark can be written only while tracing is on; what happens before the first phase is outside all of them.
    this.#agent.send("on");
    // Its mark may be overwritten, too; what comes next does not need it.
    await this.#await("begin", "", stopped, 4 * ASK_AGAIN_MS);
    if (!this.#isOver(stopped)) this.#options.onArmed?.();
  }

  async #perform(phase: WorkloadPhaseSpec, round: number, stopped: AbortSignal): Promise<void> {
    // A word without a space, unlike any other of this workload.
    const id = `${this.#options.underWay ?? ""}${round}.${this.#options.phases.indexOf(phase)}`;
    this.#current = { phase, round, id };
    this.#told = { begin: false, end: false };
    this.#pid = undefined;
    for (const key of this.#heard.keys()) if (!key.endsWith(" ")) this.#heard.delete(key);
    this.#options.onPhase(phase, round);
    for (const piece of escapedPieces(phase.command)) this.#agent.send(`arg ${piece}`);
    this.#agent.send(`phase ${id}`);
    const ended = await this.#await("phase-end", id, stopped);
    if (ended === undefined) return;
    await this.#await("output-end", id, stopped, ASK_AGAIN_MS);
    this.#options.onPhaseEnd(phase, round, statusOf(ended));
  }

  /** Names of modules that this phase may remove; they are in the stream before it begins. */
  async #readSymbols(stopped: AbortSignal): Promise<void> {
    const { modules } = this.#options;
    if (modules === "") return;
    this.#heard.delete("symbols-done ");
    this.#agent.send(`symbols ${modules}`);
    await this.#await("symbols-done", "", stopped, 4 * ASK_AGAIN_MS);
  }

  async #settle(stopped: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stopped, this.#over.signal]);
    await sleep(this.#options.settleMs, undefined, { signal }).catch(() => undefined);
  }

  #terminate(): void {
    if (this.#pid !== undefined && this.#pid > 1) this.#agent.send(`term ${this.#pid}`);
  }

  #isOver(stopped: AbortSignal): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#over.signal.aborted || stopped.aborted;
  }

  /** The line of that type and name; undefined when the operator ends it, or it has not come within the limit. */
  async #await(type: string, name: string, stopped: AbortSignal, limitMs?: number): Promise<AgentLine | undefined> {
    const known = this.#heard.get(`${type} ${name}`);
    if (known !== undefined) return known;
    if (this.#isOver(stopped)) return undefined;
    let timer: NodeJS.Timeout | undefined;
    let again: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    const line = await new Promise<AgentLine | undefined>((resolve) => {
      this.#waiting = { type, name, resolve };
      onAbort = () => resolve(undefined);
      stopped.addEventListener("abort", onAbort, { once: true });
      if (limitMs !== undefined) timer = setTimeout(() => resolve(undefined), limitMs);
      if (type === "phase-end") again = setInterval(() => this.#agent.send("again"), ASK_AGAIN_MS);
    });
    stopped.removeEventListener("abort", onAbort);
    clearTimeout(timer);
    clearInterval(again);
    this.#waiting = undefined;
    return line?.type === "over" ? undefined : line;
  }

  #changeOf(line: AgentLine): PhaseChange | undefined {
    const current = this.#current;
    if (current === undefined) return undefined;
    const { phase, round, id } = current;
    switch (line.type) {
      case "phase-begin":
        return nameOf(line) === id ? this.#begins() : undefined;
      case "phase-pid":
        if (nameOf(line) !== id) return undefined;
        this.#pid = countOf(fieldsOf(line.text).get("pid"));
        // The operator has had enough before it was known whom to tell.
        if (this.#stopped?.aborted === true) this.#terminate();
        // The mark of the beginning was overwritten, or damaged.
        return this.#begins();
      case "phase-end":
        if (nameOf(line) !== id || this.#told.end) return undefined;
        this.#pid = undefined;
        this.#told.end = true;
        return { kind: "end", status: statusOf(line), ...(this.#told.begin ? {} : { unseen: this.#which(current) }) };
      case "out":
        this.#options.onOutput(phase.name, round, line.text.slice(1) + (line.text.startsWith("=") ? "\n" : ""));
        return undefined;
      default:
        return undefined;
    }
  }

  /** The current phase begins, unless it was said already. */
  #begins(): PhaseChange | undefined {
    if (this.#current === undefined || this.#told.begin) return undefined;
    this.#told.begin = true;
    return { kind: "begin", ...this.#which(this.#current) };
  }

  #which({ phase, round }: RunningPhase): WhichPhase {
    const { underWay } = this.#options;
    const workload = underWay === undefined ? {} : { workload: underWay };
    return { name: phase.name, command: phase.command, round, ...workload };
  }
}

function nameOf(line: AgentLine): string {
  if (line.type === "output-end") return line.text.split(" ")[0] ?? "";
  return line.type.startsWith("phase-") ? (fieldsOf(line.text).get("name") ?? "") : "";
}

/** As the shell has it in `$?`; null where it does not read. */
function statusOf(line: AgentLine): number | null {
  return countOf(fieldsOf(line.text).get("status")) ?? null;
}

/** Bytes that pass a terminal and a shell's `printf %b` unharmed; a line each that a terminal takes whole. */
export function escapedPieces(command: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const byte of Buffer.from(command)) {
    const character = String.fromCharCode(byte);
    piece += PLAIN.test(character) ? character : `\\0${byte.toString(8).padStart(3, "0")}`;
    if (piece.length < MAX_PIECE) continue;
    pieces.push(piece);
    piece = "";
  }
  if (piece !== "") pieces.push(piece);
  return pieces;
}

const PLAIN = /^[A-Za-z0-9 _.,:;=+/@%^(){}|&<>"'$*?~#-]$/;
const MAX_PIECE = 180;
