/**
 * The events of a console by what an event of the trace is known again by: kind, call site, sizes and, where the console could
 * print it, pointer.
 */
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { EventBatch } from "../model/event-batch.ts";
import { NO_POINTER } from "../model/no-value.ts";
import { CandidateList } from "./candidate-list.ts";

/**
 * True where one has addresses and the other hashes (`%p`), so that no pointer of the one is in the other: the trace prints
 * addresses with its option `hash-ptr` off. To be told only where a pointer has 64 bits, of which a hash has 32.
 */
export function pointersDiffer(console: EventBatch, trace: EventBatch): boolean {
  const ofConsole = isHashed(console);
  const ofTrace = isHashed(trace);
  return ofConsole !== undefined && ofTrace !== undefined && ofConsole !== ofTrace;
}

function isHashed({ ptrLow, ptrHigh, length }: EventBatch): boolean | undefined {
  for (let i = 0; i < length; i++) if ((ptrLow[i] | ptrHigh[i]) !== NO_POINTER) return ptrHigh[i] === 0;
  return undefined;
}

/** All events of a console by what they are known by. */
export class ConsoleIndex {
  readonly #console: EventBatch;
  readonly #sites: CallSiteTable;
  readonly #lists = new Map<string, CandidateList>();
  /** The same without the call site, see {@link #withoutSite}; made when it is first needed. */
  #siteless: Map<string, CandidateList> | undefined;

  /** @param hasPointers false where the console's say nothing to the trace: {@link pointersDiffer} */
  constructor(console: EventBatch, sites: CallSiteTable, hasPointers: boolean) {
    this.#console = console;
    this.#sites = sites;
    for (let i = 0; i < console.length; i++)
      addTo(this.#lists, keyOf(console, i, hasPointers ? console : undefined), i);
  }

  /** The console's events that event `j` of the trace may be, by their place: those with its pointer, those with none. */
  candidates(trace: EventBatch, j: number): CandidateList[] {
    const known = this.#lists.get(keyOf(trace, j, trace));
    const hidden = this.#lists.get(keyOf(trace, j, undefined));
    const found = [known, hidden].filter((list) => list !== undefined);
    return found.length > 0 ? found : this.#withoutSite(trace, j);
  }

  /** The text of a trace is made when it is read: a module that was gone by then has left bare addresses. */
  #withoutSite(trace: EventBatch, j: number): CandidateList[] {
    if (!this.#sites.text(trace.callSite[j]).startsWith("0x")) return [];
    if (this.#siteless === undefined) {
      this.#siteless = new Map();
      const { ptrLow, ptrHigh, length } = this.#console;
      for (let i = 0; i < length; i++) {
        if ((ptrLow[i] | ptrHigh[i]) !== NO_POINTER) addTo(this.#siteless, sitelessKeyOf(this.#console, i), i);
      }
    }
    const list = this.#siteless.get(sitelessKeyOf(trace, j));
    return list === undefined ? [] : [list];
  }
}

function addTo(lists: Map<string, CandidateList>, key: string, place: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, new CandidateList(place));
  else list.add(place);
}

/** @param pointers where the pointer comes from; undefined for the key of an event without one */
function keyOf(events: EventBatch, i: number, pointers: EventBatch | undefined): string {
  const pointer = pointers === undefined ? "0,0" : `${pointers.ptrHigh[i].toString()},${pointers.ptrLow[i].toString()}`;
  return `${events.kind[i].toString()},${events.callSite[i].toString()},${sizesOf(events, i)},${pointer}`;
}

function sitelessKeyOf(events: EventBatch, i: number): string {
  const { kind, ptrHigh, ptrLow } = events;
  return `${kind[i].toString()},${sizesOf(events, i)},${ptrHigh[i].toString()},${ptrLow[i].toString()}`;
}

function sizesOf({ bytesReq, bytesAlloc }: EventBatch, i: number): string {
  return `${bytesReq[i].toString()},${bytesAlloc[i].toString()}`;
}
