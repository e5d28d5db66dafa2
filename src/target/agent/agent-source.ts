/**
 * An armed target as a source of bytes: connects, asks what the target is, arms it, streams, reconnects, restores.
 *
 * A run is a boot. A link that breaks within one is made again, with back-off, and the same run goes on; a line of this side
 * in the stream marks the gap. A target that has another boot id then begins the next run.
 *
 * What the agent says stands in the stream and is decoded with it, so the capture tells this source what it has heard
 * ({@link AgentSource.hear}) before it asks for the next chunk.
 */
import { KmemtapError, messageOf } from "../../model/errors.ts";
import type { ByteSource, ByteStream, LinkFacts, RunningScript, Shell } from "../../model/ports.ts";
import { linesOf } from "../qemu/guest-reports.ts";
import type { AgentFacts } from "./agent-facts.ts";
import { unlessAborted } from "../../transport/unless-aborted.ts";
import { type AgentLine, fieldsOf, parseAgentLine } from "./agent-line.ts";
import { agentScript } from "./agent-script.ts";
import type { AgentMode } from "./choose-mode.ts";
import { Heartbeat } from "./heartbeat.ts";
import { HistReadings } from "./hist-readings.ts";
import { LineQueue } from "./line-queue.ts";
import { newNonce } from "./nonce.ts";
import { OwnLines } from "./own-lines.ts";
import { refusalOf } from "./refusal.ts";
import { retry } from "./retry.ts";
import { SymbolReader } from "./symbol-reader.ts";
import { WindowProgress } from "./window-progress.ts";

/** What was decided for one connection. */
export interface AgentPlan {
  readonly mode: AgentMode;
  readonly reason: string;
  /** `key=value` for the agent, see agent/kmemtap-agent.sh. */
  readonly options: readonly string[];
  readonly facts: AgentFacts;
  readonly bytesPerSecond: number | undefined;
}

export interface AgentSourceOptions {
  readonly label: string;
  /** Reaches the target anew. */
  connect(): Promise<Shell>;
  /** Looks at the target and decides. `wanted` is set where the operator, or a step down, wants a mode. */
  plan(shell: Shell, wanted: AgentMode | undefined): Promise<AgentPlan>;
  /** False where a broken link is the end: a workload cannot be gone on with. */
  readonly reconnect: boolean;
  /** Milliseconds between readings of the sums in mode hist. */
  readonly tickMs: number;
  /** Milliseconds between readings of the slabs, on links that have room for them; none where it is not given. */
  readonly slabsMs?: number;
  /** News for the log. */
  readonly say: (text: string) => void;
}

export interface AgentSource extends ByteSource {
  readonly nonce: string;
  /** The plan that is being carried out; undefined before the first connection. */
  readonly plan: AgentPlan | undefined;
  readonly link: LinkFacts | undefined;
  readonly reconnects: number;
  /** Lines of the agent that do not come through the stream: the stats, on links that have a second channel. */
  readonly side: AsyncIterable<AgentLine>;
  /** What the stream said. */
  hear(line: AgentLine | "damaged"): void;
  /** Says a line to the agent; nothing where there is none. */
  send(line: string): void;
  /** Ends the window, lets the ring buffer be read to its end, restores the target; the bytes end then. */
  stop(): void;
  /** As {@link stop}, but what is still in the ring buffer is not waited for: it is counted as lost. */
  cut(): void;
  /** In mode raw: the stream is to hold the symbols of the modules that are there now. */
  askSymbols(): void;
  /** Cuts, and goes on in another mode: a new run. */
  switchTo(mode: AgentMode): void;
}

interface Session {
  readonly shell: Shell;
  readonly script: RunningScript;
  readonly plan: AgentPlan;
  /** Of mode hist; undefined in others. */
  readonly readings: HistReadings | undefined;
  /** Of mode raw: what is to be put into the stream before what comes next. */
  readonly symbols: SymbolReader | undefined;
}

export function agentSource(options: AgentSourceOptions): AgentSource {
  return new Source(options);
}

class Source implements AgentSource {
  readonly label: string;
  readonly recording = false;
  readonly nonce = newNonce();
  readonly #own = new OwnLines(this.nonce);
  readonly runs: AsyncIterable<ByteStream>;
  readonly side: AsyncIterable<AgentLine>;
  reconnects = 0;
  readonly #options: AgentSourceOptions;
  readonly #sideLines = new LineQueue();
  readonly #closed = new AbortController();
  #session: Session | undefined;
  /** A shell on which nothing runs yet. */
  #opening: Shell | undefined;
  readonly #window = new WindowProgress();
  readonly #heartbeat: Heartbeat;
  #switchTo: AgentMode | undefined;
  #refusal: KmemtapError | undefined;
  #backOff: AbortController | undefined;

  constructor(options: AgentSourceOptions) {
    this.#options = options;
    this.#heartbeat = new Heartbeat(this.#window, { ...options, send: (line) => this.send(line) });
    this.label = options.label;
    this.runs = this.#runs();
    this.side = this.#sideLines;
  }

  get plan(): AgentPlan | undefined {
    return this.#session?.plan;
  }

  get link(): LinkFacts | undefined {
    return this.#session?.shell.link;
  }

  hear(line: AgentLine | "damaged"): void {
    const readings = this.#session?.readings;
    if (line === "damaged") {
      readings?.damaged();
      this.#window.damagedSinceStop = this.#window.stopping;
      return;
    }
    readings?.hear(line, Date.now());
    switch (line.type) {
      case "begin":
        this.#window.begun = true;
        break;
      case "refused":
        this.#refusal = refusalOf(line.text, this.label);
        break;
      case "last":
        // Nothing is in the ring buffer any more; in mode hist the maps have stopped and are read once more, whole.
        this.#window.lastHeard = true;
        this.#heartbeat.readLast(readings);
        break;
      case "tick-done":
        if (!this.#window.lastHeard || !line.text.includes("maps")) break;
        this.#heartbeat.readLast(readings?.isDamaged === true ? readings : undefined);
        break;
      case "end":
        this.#window.ending = fieldsOf(line.text).get("reason") === "stop";
        break;
      case "bye":
        this.#window.ended = true;
        break;
    }
  }

  send(line: string): void {
    // A link that is lost is told by its bytes.
    void this.#session?.script.write(Buffer.from(`${line}\n`)).catch(() => undefined);
  }

  stop(): void {
    this.#switchTo = undefined;
    if (this.#window.stopping) return;
    this.#window.stopping = true;
    this.#backOff?.abort();
    if (this.#session === undefined) this.#closed.abort();
    else this.send("stop");
  }

  cut(): void {
    this.stop();
    this.send("bye");
  }

  switchTo(mode: AgentMode): void {
    if (this.#window.stopping || this.#session?.plan.mode === mode) return;
    // A link that is too slow would carry the backlog for hours.
    this.cut();
    this.#switchTo = mode;
  }

  askSymbols(): void {
    this.#session?.symbols?.ask();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    // One that never answers would keep the link, and this process, for ever.
    await this.#opening?.close().catch(() => undefined);
    await this.#hangUp();
  }

  async *#runs(): AsyncGenerator<ByteStream> {
    try {
      let session = await this.#openUnlessClosed(undefined);
      while (session !== undefined && !this.#closed.signal.aborted) {
        const next: { session: Session | undefined } = { session: undefined };
        yield { bytes: this.#bytesOfRun(session, next), close: () => Promise.resolve() };
        session = next.session;
      }
    } finally {
      this.#sideLines.end();
    }
  }

  /** The bytes of one boot (or one mode); leaves in `next` what the next run begins with. */
  async *#bytesOfRun(first: Session, next: { session: Session | undefined }): AsyncGenerator<Uint8Array> {
    let session = first;
    yield* this.#own.announce(session);
    for (;;) {
      const lost = yield* this.#bytesOf(session);
      const fromMs = Date.now();
      await this.#hangUp();
      if (this.#refusal !== undefined) throw this.#refusal;
      if (this.#closed.signal.aborted) return;
      const mode = this.#switchTo;
      if (mode !== undefined) {
        this.#switchTo = undefined;
        this.#window.stopping = false;
        next.session = await this.#reopen(mode);
        return;
      }
      if (this.#window.ended) return;
      if (!this.#options.reconnect || this.#window.stopping) throw lost;
      this.#options.say(`${messageOf(lost)}; reconnecting`);
      const again = await this.#reconnect(session.plan.mode);
      if (again === undefined) throw lost;
      const rebooted = again.plan.facts.bootId !== session.plan.facts.bootId;
      const reason = rebooted ? "the target rebooted" : messageOf(lost);
      yield this.#own.line(`gap from=${fromMs} to=${Date.now()} ${reason.replaceAll(/[^ -~]/g, "?").slice(0, 200)}`);
      if (rebooted) {
        next.session = again;
        return;
      }
      this.reconnects += 1;
      session = again;
      yield* this.#own.announce(session);
    }
  }

  /** One connection's bytes; the error that ended it. */
  async *#bytesOf(session: Session): AsyncGenerator<Uint8Array, KmemtapError> {
    try {
      for await (const chunk of session.script.bytes) {
        yield chunk;
        const text = session.symbols?.take();
        if (text !== undefined) yield this.#own.blob("kallsyms", text);
      }
    } catch (thrown) {
      if (thrown instanceof KmemtapError) return thrown;
      return new KmemtapError("link/lost", `${this.label}: ${messageOf(thrown)}`, { cause: thrown });
    }
    // It had said that it ends; that it had restored everything was damaged on the way.
    if (this.#window.ending && this.#window.stopping) this.#window.ended = true;
    return new KmemtapError("link/lost", `${this.label}: the agent there ended`, {
      nextStep: "something ended it, or it heard nothing from here for too long; start again",
    });
  }

  async #open(wanted: AgentMode | undefined): Promise<Session> {
    const shell = await this.#options.connect();
    this.#opening = shell;
    try {
      this.#closed.signal.throwIfAborted();
      const plan = await this.#options.plan(shell, wanted);
      this.#closed.signal.throwIfAborted();
      this.#window.reopen();
      const symbols = plan.mode === "raw" ? await SymbolReader.of(shell) : undefined;
      const script = await shell.start(agentScript(), [plan.mode, this.nonce, ...plan.options]);
      const readings = plan.mode === "hist" ? new HistReadings(this.#options.tickMs, Date.now()) : undefined;
      const session = { shell, script, plan, readings, symbols };
      if (this.#closed.signal.aborted) await script.close();
      this.#closed.signal.throwIfAborted();
      this.#session = session;
      // Asked for while the link was being made.
      if (this.#window.stopping) this.send("stop");
      this.#heartbeat.start(session);
      void this.#readSide(script);
      return session;
    } catch (thrown) {
      await shell.close().catch(() => undefined);
      throw thrown;
    } finally {
      this.#opening = undefined;
    }
  }

  /** Undefined once this source is closed, without waiting for a link that does not come. */
  async #openUnlessClosed(wanted: AgentMode | undefined): Promise<Session | undefined> {
    const { signal } = this.#closed;
    const opened = this.#open(wanted).catch((thrown: unknown) => {
      if (signal.aborted) return undefined;
      throw thrown;
    });
    return unlessAborted(opened, signal);
  }

  /** Connects at once to go on in another mode, and with patience where the link does not come back. */
  async #reopen(mode: AgentMode): Promise<Session | undefined> {
    try {
      return await this.#openUnlessClosed(mode);
    } catch (thrown) {
      const isLink = thrown instanceof KmemtapError && thrown.code.startsWith("link/");
      if (!isLink || !this.#options.reconnect) throw thrown;
      this.#options.say(`no link yet: ${messageOf(thrown)}`);
      return this.#reconnect(mode);
    }
  }

  async #reconnect(mode: AgentMode): Promise<Session | undefined> {
    if (this.#window.stopping) return undefined;
    this.#backOff = new AbortController();
    const ended = AbortSignal.any([this.#closed.signal, this.#backOff.signal]);
    const session = await retry(
      () => this.#openUnlessClosed(mode),
      ended,
      (thrown) => this.#options.say(`no link yet: ${messageOf(thrown)}`),
    );
    if (session !== undefined) this.#options.say("connected again");
    return session;
  }

  async #hangUp(): Promise<void> {
    this.#heartbeat.stop();
    const session = this.#session;
    if (session === undefined) return;
    await session.script.close().catch(() => undefined);
    await session.shell.close().catch(() => undefined);
  }

  async #readSide(script: RunningScript): Promise<void> {
    if (script.errorBytes === undefined) return;
    try {
      for await (const text of linesOf(script.errorBytes)) {
        const line = parseAgentLine(text, this.nonce);
        if (line !== undefined && line !== "damaged") this.#sideLines.push(line);
      }
    } catch {
      // The loss of the link is told by the stream itself.
    }
  }
}
