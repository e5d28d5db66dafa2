/**
 * All who watch one session.
 *
 * Each row, fact of the target, point and alert remembers the message number at which it last changed, so what a viewer
 * needs is a question of what it was sent last: those that keep up share one text, one that is slow skips messages and then gets all that
 * changed since, and nothing is ever queued for anybody.
 */
import type { LiveUpdate } from "../capture/live-session.ts";
import { type CallerRow, type Snapshot, type TargetFacts, targetFactsSchema } from "../model/snapshot.ts";
import { type ChangesMessage, type SnapshotMessage, WIRE_PROTOCOL } from "../model/wire.ts";
import { VERSION } from "../model/version.ts";

/** What the hub needs of a connection; a WebSocket has it. */
export interface ViewerSocket {
  /** Bytes handed to the socket that the network has not taken yet. */
  readonly bufferedAmount: number;
  send(text: string): void;
}

interface Viewer {
  /** Number of the last message sent; 0 asks for a whole snapshot. */
  sentSeq: number;
}

interface Numbered<T> {
  readonly seq: number;
  readonly value: T;
}

/** A viewer with more than this outstanding gets nothing until it has caught up. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** Changes kept by number; a viewer further behind gets a whole snapshot. */
const MAX_NUMBERED = 4000;
const TARGET_FACTS = Object.keys(targetFactsSchema.shape) as (keyof TargetFacts)[];

export class ViewerHub {
  readonly #viewers = new Map<ViewerSocket, Viewer>();
  readonly #rows = new Map<string, Numbered<CallerRow>>();
  /** By name; compared as JSON, because the stats of 64 CPUs are the same objects' values again between two polls. */
  readonly #facts = new Map<keyof TargetFacts, Numbered<string>>();
  #points: Numbered<ChangesMessage["points"][number]>[] = [];
  #alerts: Numbered<ChangesMessage["alerts"][number]>[] = [];
  #latest: LiveUpdate | undefined;
  #seq = 0;
  #run = 0;
  /** Viewers must be at least this far for changes to be enough. */
  #oldestSeq = 0;

  /** The last update; undefined before the first. */
  get latest(): LiveUpdate | undefined {
    return this.#latest;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  add(socket: ViewerSocket): void {
    const viewer = { sentSeq: 0 };
    this.#viewers.set(socket, viewer);
    socket.send(JSON.stringify({ type: "hello", protocol: WIRE_PROTOCOL, version: VERSION }));
    if (this.#latest !== undefined) this.#send(socket, viewer, new Map());
  }

  remove(socket: ViewerSocket): void {
    this.#viewers.delete(socket);
  }

  /** The viewer lost track: it gets a whole snapshot with the next message, however often it asks until then. */
  resync(socket: ViewerSocket): void {
    const viewer = this.#viewers.get(socket);
    if (viewer === undefined) return;
    viewer.sentSeq = 0;
  }

  /**
   * Sends to those that have not got everything and have room again. To be called now and then: when a source has ended,
   * nothing more is published, and a viewer that was slow then still has to see the end.
   */
  sendToLate(): void {
    if (this.#latest === undefined) return;
    const texts = new Map<number, string>();
    for (const [socket, viewer] of this.#viewers) {
      if (viewer.sentSeq < this.#seq && socket.bufferedAmount <= MAX_BUFFERED_BYTES) this.#send(socket, viewer, texts);
    }
  }

  publish(update: LiveUpdate): void {
    this.#latest = update;
    this.#seq += 1;
    if (update.snapshot.source.run !== this.#run) this.#beginRun(update.snapshot.source.run);
    for (const row of update.snapshot.callers) {
      const known = this.#rows.get(row.callSite);
      if (known === undefined || !sameRow(known.value, row))
        this.#rows.set(row.callSite, { seq: this.#seq, value: row });
    }
    this.#noteFacts(update.snapshot);
    for (const point of update.newPoints) this.#points.push({ seq: this.#seq, value: point });
    for (const alert of update.newAlerts) this.#alerts.push({ seq: this.#seq, value: alert });
    this.#forgetOld();
    this.sendToLate();
  }

  #beginRun(run: number): void {
    this.#run = run;
    this.#rows.clear();
    this.#facts.clear();
    this.#points = [];
    this.#alerts = [];
    this.#oldestSeq = this.#seq;
  }

  #noteFacts(snapshot: Snapshot): void {
    for (const fact of TARGET_FACTS) {
      const value = JSON.stringify(snapshot[fact]) as string | undefined;
      if (this.#facts.get(fact)?.value === value) continue;
      if (value !== undefined) this.#facts.set(fact, { seq: this.#seq, value });
      else {
        // Changes cannot say that something is gone: whoever was told of it needs a whole snapshot.
        this.#facts.delete(fact);
        this.#oldestSeq = this.#seq;
      }
    }
  }

  #forgetOld(): void {
    const excess = Math.max(this.#points.length, this.#alerts.length) - MAX_NUMBERED;
    if (excess <= 0) return;
    const oldest = this.#points.length > this.#alerts.length ? this.#points[excess].seq : this.#alerts[excess].seq;
    this.#oldestSeq = Math.max(this.#oldestSeq, oldest);
    this.#points = this.#points.filter(({ seq }) => seq > oldest);
    this.#alerts = this.#alerts.filter(({ seq }) => seq > oldest);
  }

  /** @param texts messages already written for this number, by what they are relative to */
  #send(socket: ViewerSocket, viewer: Viewer, texts: Map<number, string>): void {
    const since = viewer.sentSeq >= this.#oldestSeq ? viewer.sentSeq : 0;
    let text = texts.get(since);
    if (text === undefined) {
      text = JSON.stringify(since === 0 ? this.#snapshotMessage() : this.#changesMessage(since));
      texts.set(since, text);
    }
    socket.send(text);
    viewer.sentSeq = this.#seq;
  }

  #snapshotMessage(): SnapshotMessage {
    const { link, snapshot, history, alerts, previousRuns } = this.#current();
    return {
      type: "snapshot",
      seq: this.#seq,
      link,
      snapshot,
      history: [...history],
      alerts: [...alerts],
      previousRuns: previousRuns.map(({ summary }) => summary),
    };
  }

  #changesMessage(since: number): ChangesMessage {
    const { link, snapshot } = this.#current();
    const { exact, window, totals, loss, input } = snapshot;
    const target = this.#targetSince(since, snapshot);
    return {
      type: "changes",
      seq: this.#seq,
      since,
      link,
      exact,
      window,
      totals,
      loss,
      input,
      ...(target !== undefined && { target }),
      callers: newerThan(this.#rows.values(), since),
      points: newerThan(this.#points, since),
      alerts: newerThan(this.#alerts, since),
    };
  }

  /** The facts that changed; undefined when none did, as with a target that kmemtap did not arm. */
  #targetSince(since: number, snapshot: Snapshot): ChangesMessage["target"] {
    const changed = [...this.#facts]
      .filter(([, { seq }]) => seq > since)
      .map(([fact]) => [fact, snapshot[fact]] as const);
    return changed.length === 0 ? undefined : Object.fromEntries(changed);
  }

  #current(): LiveUpdate {
    if (this.#latest === undefined) throw new Error("nothing was published yet");
    return this.#latest;
  }
}

function newerThan<T>(numbered: Iterable<Numbered<T>>, since: number): T[] {
  const values: T[] = [];
  for (const { seq, value } of numbered) if (seq > since) values.push(value);
  return values;
}

/** All of a row follows from these: what it allocated, what was freed, and what is left, and may not be. */
function sameRow(a: CallerRow, b: CallerRow): boolean {
  // What is known of a call site's source is one object as long as it is the same.
  const isSame = a.frees === b.frees && a.impliedFrees === b.impliedFrees && a.netBytes === b.netBytes;
  return isSame && a.allocs === b.allocs && a.source === b.source && a.doubtfulObjects === b.doubtfulObjects;
}
