/** The agent's readings of /proc/slabinfo, heard line by line, each with what the events said when it was taken. */
import type { ObjectsBySize } from "../accounting/objects-by-size.ts";
import { reconcile, type Reconciled, type SlabCache, type SlabReading } from "../accounting/reconcile.ts";
import { type AgentLine, countOf, fieldsOf } from "../target/agent/agent-line.ts";

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
  readonly #compared = new Map<string, Reconciled>();
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
   * Between two readings, by what they are called: `begin`, `last`, or the name that a phase has for the agent (`2.0`: the first
   * one of the second round). Undefined where one of them is not there.
   */
  between(from: string, to: string, cpus: number): Reconciled | undefined {
    const key = `${from} ${to}`;
    const known = this.#compared.get(key);
    const [before, after] = [this.#readings.get(from), this.#readings.get(to)];
    if (known !== undefined || before === undefined || after === undefined) return known;
    const compared = reconcile(before, after, cpus);
    this.#compared.set(key, compared);
    return compared;
  }

  /** Why nothing, or less, can be compared; lines for people. */
  get findings(): string[] {
    return [
      ...(this.#missing ? ["no /proc/slabinfo there: frees that raise no event cannot be told from leaks"] : []),
      ...(this.#damaged > 0 ? [`${this.#damaged} readings of /proc/slabinfo did not arrive whole and were not used`] : []),
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
    const [at, events] = [fields.get("at"), this.events()];
    if (at === undefined || events === undefined || this.#readings.size >= MAX_READINGS) return;
    this.#arriving = { at, exact: fields.get("how") === "exact", events, caches: new Map(), lines: 0 };
  }

  #take(text: string): void {
    const reading = this.#arriving;
    const fields = fieldsOf(text);
    if (reading === undefined || fields.get("at") !== reading.at) return;
    reading.lines += 1;
    fields.delete("at");
    for (const [name, figures] of fields) {
      const match = /^(\d{1,12}),(\d{1,9}),(\d{1,6})$/.exec(figures);
      if (match === null || reading.caches.size >= MAX_CACHES) continue;
      const [objects, bytes, perSlab] = match.slice(1).map(Number);
      reading.caches.set(name, { objects, bytes, perSlab });
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
