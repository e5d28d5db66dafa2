/** A decoder's batches gathered, since a batch is valid only until the next one. */
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { type EventBatch, EventKind, type LossMark } from "../../src/model/event-batch.ts";
import { LineClass, LineTally } from "../../src/model/line-tally.ts";

export interface DecodedEvent {
  readonly kind: keyof typeof EventKind;
  readonly callSite: string;
  /** 16 hexadecimal digits. */
  readonly ptr: string;
  readonly bytesReq: number;
  readonly bytesAlloc: number;
  readonly cpu: number;
  readonly timeNs: number;
}

export interface Decoded {
  readonly events: DecodedEvent[];
  readonly losses: LossMark[];
  /** Lines by class; classes that were not seen are left out. */
  readonly lines: Partial<Record<keyof typeof LineClass, number>>;
  readonly bytes: Partial<Record<keyof typeof LineClass, number>>;
  readonly totalBytes: number;
}

const KINDS = Object.keys(EventKind) as (keyof typeof EventKind)[];
const CLASSES = Object.keys(LineClass) as (keyof typeof LineClass)[];

/** One byte a character, so that a test can write any byte. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

export function decode(input: string | Uint8Array): Decoded {
  return decodeChunks([typeof input === "string" ? bytesOf(input) : input]);
}

export function decodeLines(...lines: string[]): Decoded {
  return decode(lines.map((line) => `${line}\n`).join(""));
}

export function decodeChunks(
  chunks: Iterable<Uint8Array>,
  options?: ConstructorParameters<typeof TextDecoder>[1],
): Decoded {
  const callSites = new CallSiteTable();
  const decoder = new TextDecoder(callSites, options);
  const events: DecodedEvent[] = [];
  const losses: LossMark[] = [];
  const tally = new LineTally();
  const take = (batch: EventBatch): void => {
    for (let i = 0; i < batch.length; i++) events.push(eventAt(batch, i, callSites));
    losses.push(...batch.losses);
    tally.add(batch.tally);
  };
  for (const chunk of chunks) take(decoder.push(chunk));
  take(decoder.end());
  return { events, losses, lines: byName(tally.lines), bytes: byName(tally.bytes), totalBytes: tally.totalBytes };
}

/** `input` in pieces of `size` bytes; each piece a copy, as if the reader reused its buffer. */
export function* inPieces(input: Uint8Array, size: number): Generator<Uint8Array> {
  const buffer = new Uint8Array(size);
  for (let at = 0; at < input.length; at += size) {
    const piece = input.subarray(at, at + size);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}

function eventAt(batch: EventBatch, i: number, callSites: CallSiteTable): DecodedEvent {
  const hex = (word: number) => word.toString(16).padStart(8, "0");
  return {
    kind: KINDS[batch.kind[i]],
    callSite: callSites.text(batch.callSite[i]),
    ptr: hex(batch.ptrHigh[i]) + hex(batch.ptrLow[i]),
    bytesReq: batch.bytesReq[i],
    bytesAlloc: batch.bytesAlloc[i],
    cpu: batch.cpu[i],
    timeNs: batch.timeNs[i],
  };
}

function byName(counts: Float64Array): Partial<Record<keyof typeof LineClass, number>> {
  return Object.fromEntries(
    CLASSES.map((name) => [name, counts[LineClass[name]]] as const).filter(([, count]) => count > 0),
  );
}
