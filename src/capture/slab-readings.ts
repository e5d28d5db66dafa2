/** The agent's readings of /proc/slabinfo, heard line by line, each with what the events said when it was taken. */
import type { ObjectsBySize } from "../accounting/objects-by-size.ts";
import { reconcile, type Reconciled, type SlabCache, type SlabReading } from "../accounting/reconcile.ts";
import { type AgentLine, countOf, fieldsOf } from "../target/agent/agent-line.ts";

/** Of the window's end, and of its middle, asked for while it goes on. */
const LAST = "last";
const NOW = "now";
/** More than any kernel has. */
const MAX_CACHES = 10_000;
/** A workload has one a phase and round. */
const MAX_READINGS = 20_000;

interface Arriving {
  readonly at: string;
  readonly exact: boolean;
  readonly events: ObjectsBySize;
  readonly caches: Map<string, SlabCache>;
  lines: number;
}

export class SlabReadings {
  /** What the events say now; undefined where they cannot. Set by whoever accounts them. */
  events: () => ObjectsBySize | undefined = () => undefined;
  readonly #readings = new Map<string, SlabReading>();
  /** The last comparisons, by what was compared. */
  readonly #compared = new Map<string, { before: SlabReading; after: SlabReading; result: Reconciled }>();
  #arriving: Arriving | undefined;
  /** Readings that have not arrived whole. */
  #damaged = 0;
  #missing = false;

  hear({ type, text }: AgentLine): void {
    if (type === "slabs-none") this.#missing = true;
    else if (type === "slabs") this.#begin(fieldsOf(text));
    else if (type === "slab") this.#take(text);
    else if (type === "slabs-done") this.#end(fieldsOf(text));
  }

  /**
   * From a reading to the last one, by what it is called: `begin`, or the name that a phase has for the agent (`2.0`: the first
   * one of the second round). Undefined where one of them is not there.
   */
  since(from: string, cpus: number): Reconciled | undefined {
    const [before, after] = [this.#readings.get(from), this.#readings.get(LAST) ?? this.#readings.get(NOW)];
    if (before === undefined || after === undefined) return undefined;
    const known = this.#compared.get(from);
    if (known?.before === before && known.after === after) return known.result;
    const result = reconcile(before, after, cpus);
    this.#compared.set(from, { before, after, result });
    return result;
  }

  /** Of an object of a cache, as it was read last; undefined where it was not. */
  bytesOf(cache: string): number | undefined {
    const reading = this.#readings.get(LAST) ?? this.#readings.get(NOW);
    return reading?.caches.get(cache)?.bytes;
  }

  /** Why nothing, or less, can be compared; lines for people. */
  get findings(): string[] {
    return [
      ...(this.#missing ? ["no /proc/slabinfo there: frees that raise no event cannot be told from leaks"] : []),
      ...(this.#damaged > 0
        ? [`${this.#damaged} readings of /proc/slabinfo did not arrive whole and were not used`]
        : []),
    ];
  }

  /** What came before is of another connection: between them nobody saw the events. */
  restart(): void {
    this.#readings.clear();
    this.#compared.clear();
    this.#arriving = undefined;
  }

  #begin(fields: Map<string, string>): void {
    if (this.#arriving !== undefined) this.#damaged += 1;
    this.#arriving = undefined;
    const at = fields.get("at");
    const events = this.events();
    if (at === undefined || events === undefined || (this.#readings.size >= MAX_READINGS && !this.#readings.has(at)))
      return;
    this.#arriving = { at, exact: fields.get("how") === "exact", events, caches: new Map(), lines: 0 };
  }

  #take(text: string): void {
    const reading = this.#arriving;
    const fields = fieldsOf(text);
    if (reading === undefined || fields.get("at") !== reading.at) return;
    reading.lines += 1;
    fields.delete("at");
    for (const [name, figures] of fields) {
      const match = /^(\d{1,12}),(\d{1,9}),(\d{1,6})(?:,(\d{1,6}))?$/.exec(figures);
      if (match === null || reading.caches.size >= MAX_CACHES) continue;
      const [objects, bytes, perSlab, perSheaf = 0] = match.slice(1).filter(Boolean).map(Number);
      reading.caches.set(name, { objects, bytes, perSlab, perSheaf });
    }
  }

  #end(fields: Map<string, string>): void {
    const reading = this.#arriving;
    this.#arriving = undefined;
    if (reading === undefined || fields.get("at") !== reading.at) return;
    const isWhole =
      countOf(fields.get("lines")) === reading.lines && countOf(fields.get("caches")) === reading.caches.size;
    if (isWhole) this.#readings.set(reading.at, reading);
    else this.#damaged += 1;
  }
}
