/** The agent's readings of /proc/allocinfo, heard line by line, each with what the events said when it was taken. */
import type { ObjectsBySize } from "../accounting/objects-by-size.ts";
import { type Counted, type FunctionReading, reconcileFunctions } from "../accounting/reconcile-functions.ts";
import type { FunctionCounts } from "../model/function-counts.ts";
import { type AgentLine, countOf, fieldsOf } from "../target/agent/agent-line.ts";

const FIRST = "begin";
const LAST = "last";
/** More than any kernel has, with all its modules. */
const MAX_FUNCTIONS = 100_000;
/** A CPU's counter may be behind what another one has taken from it. */
const FIGURES = /^(\d{1,15}),(-?\d{1,15})$/;

interface Arriving extends FunctionReading {
  readonly at: string;
  readonly functions: Map<string, Counted>;
  lines: number;
}

export class AllocTagReadings {
  /** What the events say now; undefined where they cannot. Set by whoever accounts them. */
  events: () => ObjectsBySize | undefined = () => undefined;
  /** Bytes of an object of a cache, where the slabs were read. */
  cacheBytes: (cache: string) => number | undefined = () => undefined;
  readonly #readings = new Map<string, FunctionReading>();
  #arriving: Arriving | undefined;
  #compared: FunctionCounts | undefined;
  /** Readings that have not arrived whole. */
  #damaged = 0;
  #reason: string | undefined;

  hear({ type, text }: AgentLine): void {
    const fields = fieldsOf(text);
    if (type === "tags-none") this.#reason = fields.get("reason");
    else if (type === "tags") this.#begin(fields.get("at"));
    else if (type === "tag") this.#take(fields);
    else if (type === "tags-done") this.#end(fields);
  }

  /** From the window's beginning to its end; undefined where one of them was not read. */
  get counts(): FunctionCounts | undefined {
    const [before, after] = [this.#readings.get(FIRST), this.#readings.get(LAST)];
    if (before === undefined || after === undefined) return undefined;
    this.#compared ??= reconcileFunctions(before, after, this.cacheBytes);
    return this.#compared;
  }

  /** Why nothing can be compared; lines for people. */
  get findings(): string[] {
    return [
      ...(this.#reason === "off"
        ? [
            "/proc/allocinfo is there, but its counters are off: sysctl vm.mem_profiling=1 has the kernel count by function",
          ]
        : []),
      ...(this.#reason === "no-awk" ? ["/proc/allocinfo is there, but no awk to read it with"] : []),
      ...(this.#damaged > 0
        ? [`${this.#damaged} readings of /proc/allocinfo did not arrive whole and were not used`]
        : []),
    ];
  }

  /** What came before is of another connection: between them nobody saw the events. */
  restart(): void {
    this.#readings.clear();
    this.#compared = undefined;
    this.#arriving = undefined;
  }

  #begin(at: string | undefined): void {
    if (this.#arriving !== undefined) this.#damaged += 1;
    this.#arriving = undefined;
    const events = this.events();
    if ((at !== FIRST && at !== LAST) || events === undefined) return;
    this.#arriving = { at, events, functions: new Map(), lines: 0 };
  }

  #take(fields: Map<string, string>): void {
    const reading = this.#arriving;
    if (reading === undefined || fields.get("at") !== reading.at) return;
    reading.lines += 1;
    fields.delete("at");
    for (const [name, figures] of fields) {
      const match = FIGURES.exec(figures);
      if (match === null || reading.functions.size >= MAX_FUNCTIONS) continue;
      reading.functions.set(name, { objects: Number(match[1]), bytes: Number(match[2]) });
    }
  }

  #end(fields: Map<string, string>): void {
    const reading = this.#arriving;
    this.#arriving = undefined;
    if (reading === undefined || fields.get("at") !== reading.at) return;
    const isWhole =
      countOf(fields.get("lines")) === reading.lines && countOf(fields.get("functions")) === reading.functions.size;
    if (!isWhole) this.#damaged += 1;
    else {
      this.#readings.set(reading.at, reading);
      this.#compared = undefined;
    }
  }
}
