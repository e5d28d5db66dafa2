/**
 * A capture with `--record`, and its account from the recording: the same bytes through the same rooms in the same order, so
 * the same account.
 */
import type { AgentMark } from "../model/event-batch.ts";
import { KmemtapError } from "../model/errors.ts";
import type { LinkFacts } from "../model/ports.ts";
import type { AccountFilter } from "../model/snapshot.ts";
import type { AgentFacts } from "../target/agent/agent-facts.ts";
import { type AgentLine, parseAgentLine } from "../target/agent/agent-line.ts";
import type { AgentPlan, AgentSource } from "../target/agent/agent-source.ts";
import { FrameKind } from "../transport/recording/frames.ts";
import { readRecording } from "../transport/recording/read-recording.ts";
import type { RecordingWriter } from "../transport/recording/write-recording.ts";
import type { RecordedAccount } from "./account-recording.ts";
import { RunAccount } from "./run-account.ts";
import { TargetState } from "./target-state.ts";

/** What a recording knows of a run beside its bytes. JSON; `tools` as a list. */
interface RecordedRun {
  readonly schema: typeof RUN_SCHEMA;
  readonly label: string;
  /** Of a target that kmemtap armed. */
  readonly agent?: {
    readonly nonce: string;
    readonly plan?: AgentPlan;
    readonly link?: LinkFacts;
  };
}

const RUN_SCHEMA = "kmemtap.recording/1";

/** Writes what a session reads, as it reads it. */
export class CaptureRecorder {
  readonly #writer: RecordingWriter;

  constructor(writer: RecordingWriter) {
    this.#writer = writer;
  }

  /** A run has begun to bring bytes: what is known of it. */
  run(label: string, agent: AgentSource | undefined): void {
    const { nonce, plan, link } = agent ?? {};
    const known = { ...(plan === undefined ? {} : { plan }), ...(link === undefined ? {} : { link }) };
    const run = { schema: RUN_SCHEMA, label, ...(nonce === undefined ? {} : { agent: { nonce, ...known } }) };
    const asList = (_: string, value: unknown) => (value instanceof Set ? [...(value as Set<unknown>)] : value);
    this.#writer.add(FrameKind.run, Buffer.from(JSON.stringify(run, asList)));
  }

  chunk(bytes: Uint8Array): void {
    this.#writer.add(FrameKind.chunk, bytes);
  }

  side(line: AgentLine): void {
    this.#writer.add(FrameKind.side, Buffer.from(JSON.stringify(line)));
  }
}

/**
 * The accounts of a recording's runs, the last one last.
 *
 * @throws {KmemtapError} `input/missing`, `input/empty` where it holds no run
 */
export async function accountCapture(path: string, filter: AccountFilter): Promise<readonly RecordedAccount[]> {
  const accounts: RecordedAccount[] = [];
  const damage: string[] = [];
  let run: Run | undefined;
  const end = () => {
    if (run !== undefined) accounts.push(run.end(damage));
  };
  for await (const frame of readRecording(path)) {
    if ("damage" in frame) damage.push(frame.damage);
    else if (frame.kind === FrameKind.run) {
      end();
      run = new Run(accounts.length + 1, JSON.parse(Buffer.from(frame.bytes).toString()) as RecordedRun, filter);
    } else if (frame.kind === FrameKind.chunk) run?.chunk(frame.bytes, frame.atMs);
    else if (frame.kind === FrameKind.side)
      run?.side(JSON.parse(Buffer.from(frame.bytes).toString()) as AgentLine, frame.atMs);
    else if (frame.kind === FrameKind.dropped) {
      const bytes = Buffer.from(frame.bytes).readBigUInt64LE();
      damage.push(`${bytes.toLocaleString("en")} bytes were not recorded: the disk did not follow`);
    }
  }
  end();
  if (accounts.length > 0) return accounts;
  throw new KmemtapError("input/empty", `${path} holds no run${damage.length > 0 ? `: ${damage.join("; ")}` : ""}`, {
    nextStep: "record again",
  });
}

class Run {
  readonly #account: RunAccount;
  readonly #label: string;
  readonly #source: { plan: AgentPlan | undefined; link: LinkFacts | undefined; reconnects: number } | undefined;
  #atMs = 0;

  constructor(run: number, recorded: RecordedRun, filter: AccountFilter) {
    const { agent, label } = recorded;
    this.#label = label;
    if (agent === undefined) {
      this.#account = new RunAccount(run, { filter });
      return;
    }
    const plan = agent.plan === undefined ? undefined : { ...agent.plan, facts: revived(agent.plan.facts) };
    this.#source = { plan, link: agent.link, reconnects: -1 };
    const target = new TargetState(this.#source);
    const onMark = (mark: AgentMark): undefined => this.#hear(target, agent.nonce, mark);
    this.#account = new RunAccount(run, { filter, target, onMark });
  }

  chunk(bytes: Uint8Array, atMs: number): void {
    this.#atMs = atMs;
    this.#account.push(bytes);
  }

  side(line: AgentLine, atMs: number): void {
    this.#account.target?.hear(line, this.#account.lastEventNs ?? 0, atMs);
  }

  end(damage: readonly string[]): RecordedAccount {
    this.#account.end();
    const source = { label: this.#label, recording: true };
    const snapshot = this.#account.snapshot(source, ...damage);
    return { snapshot, freeingCallSites: this.#account.freeingCallSites() };
  }

  #hear(target: TargetState, nonce: string, mark: AgentMark): undefined {
    const line = parseAgentLine(mark.text, nonce);
    if (line === undefined) return;
    // Each connection begins with one.
    if (line !== "damaged" && line.type === "session" && this.#source !== undefined) this.#source.reconnects += 1;
    target.hear(line, mark.timeNs, this.#atMs);
  }
}

function revived(facts: AgentFacts): AgentFacts {
  return { ...facts, tools: new Set(facts.tools) };
}
