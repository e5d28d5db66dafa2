/**
 * Alerts and snapshots as messages of a NATS JetStream stream. All go by the spool: what was put there is sent until the stream has it, and the stream
 * knows by its id what it has already, so that nothing is lost by an outage, and nothing comes twice.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { jetstream, jetstreamManager, type JetStreamClient } from "@nats-io/jetstream";
import { connect, headers, nanos, type NatsConnection } from "@nats-io/transport-node";
import type { LiveUpdate } from "../../capture/live-update.ts";
import { messageOf } from "../../model/errors.ts";
import type { NatsSettings } from "../config-outputs.ts";
import { secretIn, type Sink } from "./sink.ts";
import { type SinkMoment, SinkMoments } from "./sink-moments.ts";
import { Spool, type Spooled, takenMs } from "./spool.ts";

export interface NatsTimes {
  /** Milliseconds between attempts while the server does not answer. */
  readonly retryMs: number;
  /** What an answer may take. */
  readonly answerMs: number;
  /** What the last messages may take in the end. */
  readonly closeMs: number;
}

const TIMES: NatsTimes = { retryMs: 2000, answerMs: 5000, closeMs: 5000 };
/** How long the stream remembers what it has: an outage that is longer may bring one message twice. */
const DUPLICATES_MS = 24 * 3_600_000;
const MIB = 2 ** 20;

export class NatsSink implements Sink {
  readonly #settings: NatsSettings;
  readonly #warn: (text: string) => void;
  readonly #times: NatsTimes;
  readonly #spool: Spool;
  readonly #moments: SinkMoments;
  readonly #closing = new AbortController();
  #connection: NatsConnection | undefined;
  /** What is being written to the spool, in order. */
  #adding: Promise<void> = Promise.resolve();
  #sending: Promise<void>;
  #wake: () => void = () => undefined;
  #trouble: string | undefined;
  #toldDropped = 0;

  private constructor(settings: NatsSettings, warn: (text: string) => void, times: NatsTimes) {
    this.#settings = settings;
    this.#warn = warn;
    this.#times = times;
    this.#spool = new Spool(settings.spool, settings.spoolMb * MIB);
    this.#moments = new SinkMoments(settings.everyMs);
    if (this.#spool.length > 0)
      warn(`${String(this.#spool.length)} messages for NATS are left from before: sending them`);
    this.#sending = this.#sendAll();
  }

  /** Does not wait for the server. */
  static open(settings: NatsSettings, warn: (text: string) => void, times: Partial<NatsTimes> = {}): Promise<NatsSink> {
    return Promise.resolve(new NatsSink(settings, warn, { ...TIMES, ...times }));
  }

  take(target: string, update: LiveUpdate): void {
    for (const alert of update.newAlerts)
      this.#add("alert", target, () => Buffer.from(JSON.stringify({ target, ...alert })));
    this.#addSnapshots(target, this.#moments.take(target, update, Date.now()));
  }

  /** What the server does not take in time stays in the spool. */
  async close(): Promise<void> {
    for (const [target, moment] of this.#moments.rest()) this.#addSnapshots(target, [moment]);
    await this.#adding;
    const endMs = Date.now() + this.#times.closeMs;
    while (this.#spool.length > 0 && Date.now() < endMs && this.#trouble === undefined) await sleep(20);
    this.#closing.abort();
    this.#wake();
    await this.#connection?.close();
    await this.#sending;
    this.#spool.close();
    if (this.#spool.length > 0)
      this.#warn(`${String(this.#spool.length)} messages for NATS stay in ${this.#settings.spool}`);
  }

  #addSnapshots(target: string, moments: readonly SinkMoment[]): void {
    for (const { snapshot, atMs } of moments)
      this.#add("snapshot", target, () => gzipSync(JSON.stringify(snapshot)), atMs);
  }

  #add(kind: Spooled["kind"], target: string, payload: () => Uint8Array, atMs = Date.now()): void {
    this.#adding = this.#adding
      .then(() => this.#spool.add(kind, target, payload(), atMs))
      .catch((thrown: unknown) => this.#warn(`a message for NATS was dropped: ${messageOf(thrown)}`))
      .then(() => {
        this.#tellDropped();
        this.#wake();
      });
  }

  #tellDropped(): void {
    const { alert, snapshot } = this.#spool.dropped;
    if (alert + snapshot === this.#toldDropped) return;
    this.#toldDropped = alert + snapshot;
    this.#warn(`NATS is away for too long: ${String(snapshot)} snapshots and ${String(alert)} alerts were dropped`);
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#closing;
    let stream: JetStreamClient | undefined;
    while (!signal.aborted) {
      const message = this.#spool.next;
      if (message === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      try {
        stream ??= await this.#open();
        await this.#send(stream, message);
        await this.#spool.remove(message);
        if (this.#trouble !== undefined) this.#warn("NATS takes messages again");
        this.#trouble = undefined;
      } catch (thrown) {
        if (this.#isClosing()) return;
        if (this.#trouble !== messageOf(thrown))
          this.#warn(`NATS: ${messageOf(thrown)}; messages wait in ${this.#settings.spool}`);
        this.#trouble = messageOf(thrown);
        if (this.#connection?.isClosed() === true) stream = undefined;
        await sleep(this.#times.retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Asked anew: it comes about while something is awaited. */
  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** The connection, made where there is none, and the stream. */
  async #open(): Promise<JetStreamClient> {
    const { url, stream, subject, tokenFile } = this.#settings;
    if (this.#connection === undefined || this.#connection.isClosed())
      this.#connection = await connect({
        servers: url,
        name: "kmemtap",
        timeout: this.#times.answerMs,
        maxReconnectAttempts: -1,
        reconnectTimeWait: this.#times.retryMs,
        ...(tokenFile !== undefined && { token: secretIn("nats.tokenFile", tokenFile) }),
      });
    const manager = await jetstreamManager(this.#connection, { timeout: this.#times.answerMs });
    const isThere = await manager.streams.info(stream).then(
      () => true,
      () => false,
    );
    // Of a stream that is there already the operator has decided what it keeps.
    if (!isThere)
      await manager.streams.add({ name: stream, subjects: [`${subject}.>`], duplicate_window: nanos(DUPLICATES_MS) });
    return jetstream(this.#connection, { timeout: this.#times.answerMs });
  }

  async #send(stream: JetStreamClient, message: Spooled): Promise<void> {
    const { subject } = this.#settings;
    const payload = await this.#spool.payload(message);
    if (payload === undefined) {
      this.#warn(`a ${message.kind} of ${message.target} was dropped: its file has gone from ${this.#settings.spool}`);
      return;
    }
    const limit = this.#connection?.info?.max_payload ?? Infinity;
    if (payload.length > limit) {
      this.#warn(`a ${message.kind} of ${message.target} was dropped: larger than the server's max_payload`);
      return;
    }
    const about = headers();
    about.set("Kmemtap-Target", message.target);
    // The stream knows when it got it alone, which after an outage is another time.
    about.set("Kmemtap-Time", new Date(takenMs(message)).toISOString());
    if (message.kind === "snapshot") about.set("Content-Encoding", "gzip");
    // A dot would begin another token of the subject.
    const token = message.target.replaceAll(".", "_");
    await stream.publish(`${subject}.${message.kind}.${token}`, payload, { msgID: message.id, headers: about });
  }
}
