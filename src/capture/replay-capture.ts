/** A recording as a source to watch: its runs one after the other, at the pace at which they came. */
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError } from "../model/errors.ts";
import type { ByteSource, ByteStream, LinkFacts } from "../model/ports.ts";
import { type AgentLine, ownLine } from "../target/agent/agent-line.ts";
import type { AgentPlan, AgentSource } from "../target/agent/agent-source.ts";
import { LineQueue } from "../target/agent/line-queue.ts";
import { failureIn } from "../transport/recording/frame-content.ts";
import { type Frame, FrameKind } from "../transport/recording/frames.ts";
import { readRecording } from "../transport/recording/read-recording.ts";
import type { RecordedPhase, RecordedRun } from "./capture-recorder.ts";
import type { WorkloadListener } from "./live-options.ts";
import { parseRun, planOf } from "./recorded-run.ts";
import { ReplayedPhases } from "./replayed-phases.ts";

export interface ReplayOptions {
  /** 1 plays as fast as it happened, 2 twice as fast; 0 as fast as it can be read. */
  readonly speed: number;
  readonly say: (text: string) => void;
}

export interface Replay {
  readonly source: ByteSource;
  /** The source again, where kmemtap had armed the target. It answers nobody. */
  readonly agent?: AgentSource;
  /** What is in it of workloads. */
  readonly phases: WorkloadListener;
}

/** @throws {KmemtapError} `input/missing` */
export async function replayCapture(path: string, options: ReplayOptions): Promise<Replay> {
  const source = new ReplaySource(path, options);
  await source.begin();
  const { phases } = source;
  return source.isArmed ? { source, agent: source, phases } : { source, phases };
}

/** What cannot be read, among the frames. */
const DAMAGE = -1;
/** Above those of the lines that this side wrote when it was recorded. */
const GAP_SEQ = 1_000_000;

class ReplaySource implements AgentSource {
  readonly label: string;
  readonly recording = true;
  readonly runs: AsyncIterable<ByteStream>;
  readonly side = new LineQueue();
  readonly phases = new ReplayedPhases();
  reconnects = -1;
  readonly #options: ReplayOptions;
  readonly #frames: AsyncGenerator<Frame | { readonly damage: string }>;
  readonly #over = new AbortController();
  #next: RecordedRun | undefined;
  #run: RecordedRun | undefined;
  #plan: AgentPlan | undefined;
  #gaps = 0;
  #lastMs = 0;
  /** When the first frame came, then and now. */
  #origin: { readonly atMs: number; readonly nowMs: number } | undefined;

  constructor(path: string, options: ReplayOptions) {
    this.label = `replay://${path}`;
    this.#options = options;
    this.#frames = readRecording(path);
    this.runs = this.#runs();
  }

  /** Reads up to the first run. */
  async begin(): Promise<void> {
    const before = this.#framesOfRun();
    for (let next = await before.next(); next.done !== true;) next = await before.next();
  }

  get isArmed(): boolean {
    return this.#next?.agent !== undefined;
  }

  get nonce(): string {
    return this.#run?.agent?.nonce ?? "";
  }

  get plan(): AgentPlan | undefined {
    return this.#plan;
  }

  get link(): LinkFacts | undefined {
    return this.#run?.agent?.link;
  }

  hear(line: AgentLine | "damaged"): void {
    // Each connection begins with one.
    if (line !== "damaged" && line.type === "session") this.reconnects += 1;
  }

  send(): void {
    // Whom it was for is long gone.
  }

  stop(): void {
    this.#over.abort();
  }

  cut(): void {
    this.stop();
  }

  askSymbols(): void {
    // The answer is in the recording.
  }

  switchTo(): void {
    // What was recorded was recorded in its mode.
  }

  close(): Promise<void> {
    this.stop();
    return Promise.resolve();
  }

  async *#runs(): AsyncGenerator<ByteStream> {
    try {
      while (this.#next !== undefined && !this.#over.signal.aborted) {
        this.#run = this.#next;
        this.#next = undefined;
        this.#plan = planOf(this.#run);
        this.phases.beginRun();
        this.reconnects = -1;
        yield { bytes: this.#bytes(), close: () => Promise.resolve() };
      }
    } finally {
      this.side.end();
      await this.#frames.return(undefined);
    }
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    for await (const frame of this.#framesOfRun()) {
      const { kind, atMs, bytes } = frame;
      await this.#hold(atMs);
      if (this.#over.signal.aborted) return;
      if (kind === FrameKind.side) this.side.push(JSON.parse(Buffer.from(bytes).toString()) as AgentLine);
      else if (kind === FrameKind.phase) this.phases.take(JSON.parse(Buffer.from(bytes).toString()) as RecordedPhase);
      else if (kind === FrameKind.outcome) this.phases.end();
      else if (kind === FrameKind.chunk) yield bytes;
      else if (kind === FrameKind.dropped)
        yield this.#gap(`${Buffer.from(bytes).readBigUInt64LE()} bytes were not recorded`, atMs);
      else if (kind === FrameKind.failure) throw new KmemtapError("link/lost", failureIn(frame));
      else if (kind === DAMAGE) yield this.#gap(Buffer.from(bytes).toString(), atMs);
    }
    this.phases.end();
  }

  /** As a link that was gone for a while: the account goes on behind it, and is not exact. */
  #gap(reason: string, atMs: number): Uint8Array {
    const nonce = this.#run?.agent?.nonce;
    if (nonce === undefined) {
      throw new KmemtapError("input/unreadable", `${this.label}: ${reason}`, {
        nextStep: "kmemtap report accounts what is left of it",
      });
    }
    this.#options.say(reason);
    this.#gaps += 1;
    const text = `gap from=${Math.round(atMs)} to=${Math.round(atMs)} ${reason.replaceAll(/[^ -~]/g, "?").slice(0, 200)}`;
    return Buffer.from(`\n${ownLine(nonce, GAP_SEQ + this.#gaps, text)}\n`);
  }

  /** Up to the next run, which is then known. A generator that is left early would end the frames for good. */
  async *#framesOfRun(): AsyncGenerator<Frame> {
    for (;;) {
      const next = await this.#frames.next();
      if (next.done === true) return;
      const { value } = next;
      if ("damage" in value) yield { kind: DAMAGE, atMs: this.#lastMs, bytes: Buffer.from(value.damage) };
      else if (value.kind === FrameKind.run) {
        this.#next = parseRun(value);
        return;
      } else {
        this.#lastMs = value.atMs;
        yield value;
      }
    }
  }

  async #hold(atMs: number): Promise<void> {
    const { speed } = this.#options;
    if (speed === 0) return;
    this.#origin ??= { atMs, nowMs: Date.now() };
    const waitMs = this.#origin.nowMs + (atMs - this.#origin.atMs) / speed - Date.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { ref: false, signal: this.#over.signal }).catch(() => undefined);
  }
}
