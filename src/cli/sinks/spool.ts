/**
 * Messages on their way, each a file until it has arrived: what a crash or an outage leaves is sent later, under the same id. Alerts go before snapshots;
 * when there is no room the oldest snapshots are dropped, and alerts only when nothing else is left.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, KmemtapError, messageOf, systemCodeOf } from "../../model/errors.ts";
import { writeDurably } from "../headless/write-durably.ts";
import { lockSpool } from "./spool-lock.ts";

export type MessageKind = "alert" | "snapshot";

export interface Spooled {
  /** The same whenever it is sent. */
  readonly id: string;
  readonly kind: MessageKind;
  readonly target: string;
  readonly bytes: number;
}

/** `000001764162000123-000007-alert-board-UUID`: by name is by age. */
const NAME = /^\d{18}-\d{6}-(alert|snapshot)-([\w.-]+)-[0-9a-f-]{36}$/;
const BEHIND_KIND = /^\d{18}-\d{6}-(?:alert|snapshot)-/;
const UUID_CHARS = 37;
const TIME_CHARS = 18;

/** When it was taken (Unix epoch, ms), by the kmemtap that put it there. */
export function takenMs({ id }: Spooled): number {
  return Number(id.slice(0, TIME_CHARS));
}

export class Spool {
  readonly #directory: string;
  readonly #maxBytes: number;
  /** In the order of age. */
  readonly #waiting: Record<MessageKind, Spooled[]> = { alert: [], snapshot: [] };
  readonly #unlock: () => void;
  #bytes = 0;
  #count = 0;
  readonly dropped: Record<MessageKind, number> = { alert: 0, snapshot: 0 };

  /** @throws {KmemtapError} `config/invalid` where the directory cannot be used */
  constructor(directory: string, maxBytes: number) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.#unlock = lockSpool(directory);
      for (const name of readdirSync(directory).sort()) this.#find(name);
    } catch (thrown) {
      throw new KmemtapError("config/invalid", `nats.spool: ${messageOf(thrown)}`, {
        nextStep: "name a directory that this user can write to, and that no other kmemtap uses",
        exitCode: ExitCode.wrongUse,
        cause: thrown,
      });
    }
  }

  /** What waits stays there for the next one. */
  close(): void {
    this.#unlock();
  }

  get length(): number {
    return this.#waiting.alert.length + this.#waiting.snapshot.length;
  }

  /** What is to be sent next. */
  get next(): Spooled | undefined {
    return this.#waiting.alert.at(0) ?? this.#waiting.snapshot.at(0);
  }

  /**
   * @param atMs when it was taken: what the message says of itself, whenever it is sent
   * @throws {KmemtapError} `output/unwritable`; it is then counted as dropped
   */
  async add(kind: MessageKind, target: string, payload: Uint8Array, atMs = Date.now()): Promise<void> {
    const time = String(atMs).padStart(TIME_CHARS, "0");
    const number = String(this.#count++ % 1_000_000).padStart(6, "0");
    const message = { id: `${time}-${number}-${kind}-${target}-${randomUUID()}`, kind, target, bytes: payload.length };
    await this.#makeRoom(message);
    if (this.#bytes + message.bytes > this.#maxBytes) {
      this.dropped[kind] += 1;
      return;
    }
    // Room is taken at once: others are added while this one is written.
    this.#bytes += message.bytes;
    try {
      await writeDurably(join(this.#directory, message.id), payload);
      this.#waiting[kind].push(message);
    } catch (thrown) {
      this.#bytes -= message.bytes;
      this.dropped[kind] += 1;
      throw thrown;
    }
  }

  /** Undefined where somebody has removed its file. */
  async payload({ id }: Spooled): Promise<Uint8Array | undefined> {
    return readFile(join(this.#directory, id)).catch((thrown: unknown) => {
      if (systemCodeOf(thrown) === "ENOENT") return undefined;
      throw thrown;
    });
  }

  /** It has arrived, or is given up. */
  async remove(message: Spooled): Promise<void> {
    const waiting = this.#waiting[message.kind];
    const at = waiting.indexOf(message);
    if (at < 0) return;
    waiting.splice(at, 1);
    this.#bytes -= message.bytes;
    await rm(join(this.#directory, message.id), { force: true });
  }

  /** Snapshots make room for anything, alerts for alerts alone. */
  async #makeRoom({ kind, bytes }: Spooled): Promise<void> {
    while (this.#bytes + bytes > this.#maxBytes) {
      const oldest = this.#waiting.snapshot.at(0) ?? (kind === "alert" ? this.#waiting.alert.at(0) : undefined);
      if (oldest === undefined) return;
      this.dropped[oldest.kind] += 1;
      await this.remove(oldest);
    }
  }

  /** What an earlier kmemtap left; half of a file was never there. */
  #find(name: string): void {
    const path = join(this.#directory, name);
    if (name.endsWith(".tmp")) rmSync(path, { force: true });
    const match = NAME.exec(name);
    if (match === null) return;
    const target = name.replace(BEHIND_KIND, "").slice(0, -UUID_CHARS);
    const bytes = statSync(path).size;
    this.#waiting[match[1] as MessageKind].push({ id: name, kind: match[1] as MessageKind, target, bytes });
    this.#bytes += bytes;
  }
}
