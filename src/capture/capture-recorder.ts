/** A capture with `--record`: what its session reads, kept as it is read. */
import type { LinkFacts } from "../model/ports.ts";
import type { AgentLine } from "../target/agent/agent-line.ts";
import type { AgentPlan, AgentSource } from "../target/agent/agent-source.ts";
import { FrameKind } from "../transport/recording/frames.ts";
import type { RecordingWriter } from "../transport/recording/write-recording.ts";
import type { PhaseChange } from "./workload-account.ts";

/** What a recording knows of a run beside its bytes. JSON; `tools` as a list. */
export interface RecordedRun {
  readonly schema: typeof RUN_SCHEMA;
  readonly label: string;
  /** Of a target that kmemtap armed. */
  readonly agent?: {
    readonly nonce: string;
    readonly plan?: AgentPlan;
    readonly link?: LinkFacts;
  };
}

/** A phase of a workload begins or ends, by the trace clock. JSON. */
export type RecordedPhase = PhaseChange & { readonly timeNs: number };

/** How a workload ended. JSON; a recording that was cut has none. */
export interface RecordedOutcome {
  /** It was ended before its time. */
  readonly interrupted: boolean;
}

const RUN_SCHEMA = "kmemtap.recording/1";

/** Where the stream is behind a chunk, and whether what follows cannot be read without that chunk. */
export interface ChunkPosition {
  readonly clockNs: number;
  readonly statsNs: number;
  readonly needed: boolean;
}

export class CaptureRecorder {
  readonly #writer: RecordingWriter;
  #run = 0;

  constructor(writer: RecordingWriter) {
    this.#writer = writer;
  }

  /** A run has begun to bring bytes: what is known of it. */
  run(label: string, agent: AgentSource | undefined): void {
    const { nonce, plan, link } = agent ?? {};
    const known = { ...(plan === undefined ? {} : { plan }), ...(link === undefined ? {} : { link }) };
    const run = { schema: RUN_SCHEMA, label, ...(nonce === undefined ? {} : { agent: { nonce, ...known } }) };
    const asList = (_: string, value: unknown) => (value instanceof Set ? [...(value as Set<unknown>)] : value);
    this.#run += 1;
    const position = { run: this.#run, clockNs: -1, statsNs: -1 };
    this.#writer.add(FrameKind.run, Buffer.from(JSON.stringify(run, asList)), position, true);
  }

  /** A chunk that was accounted. */
  chunk(bytes: Uint8Array, { needed, ...position }: ChunkPosition): void {
    this.#writer.add(FrameKind.chunk, bytes, position, needed);
  }

  side(line: AgentLine): void {
    this.#writer.add(FrameKind.side, Buffer.from(JSON.stringify(line)));
  }

  phase(change: PhaseChange, timeNs: number): void {
    this.#writer.add(FrameKind.phase, Buffer.from(JSON.stringify({ ...change, timeNs })));
  }

  outcome(outcome: RecordedOutcome): void {
    this.#addToRun(FrameKind.outcome, JSON.stringify(outcome));
  }

  /** The capture has ended before its time. */
  failure(message: string): void {
    this.#addToRun(FrameKind.failure, message);
  }

  /** What did not begin has no end. */
  #addToRun(kind: FrameKind, text: string): void {
    if (this.#run > 0) this.#writer.add(kind, Buffer.from(text));
  }
}
