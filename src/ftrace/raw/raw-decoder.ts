/**
 * What the agent sends in mode raw, to event batches: lines, and whole sub-buffers of one CPU behind each `pages` line.
 *
 *     @kmemtap k3fa9c1 k2 blob name=format bytes=812 ~43      what the formats and symbols are, from this side of the link
 *     (812 bytes)
 *     @kmemtap k3fa9c1 r17 stats cpu=0 entries=120 … ~96
 *     @kmemtap k3fa9c1 r18 pages cpu=0 ~24
 *     (sub-buffers, up to the next line: no time stamp reads `@kmemtap`, which would be the year 2226)
 *
 * The CPUs' events are merged by time, because an object is often freed on another CPU. A CPU that has nothing to say
 * holds nobody up: once all that its stats counted has been read, nothing older than those stats is still to come.
 */
import type { CallSiteTable } from "../../model/call-site-table.ts";
import type { EventBatch } from "../../model/event-batch.ts";
import { LineClass } from "../../model/line-tally.ts";
import type { StreamDecoder } from "../../model/ports.ts";
import { parseSavedCmdlines, type TaskTable } from "../../model/task-table.ts";
import { EventColumns } from "../event-columns.ts";
import { CpuStream } from "./cpu-stream.ts";
import { Helpers, type HelperSpan } from "./helpers.ts";
import { type PageFormat, parsePageFormat } from "./event-format.ts";
import { mergeStreams } from "./merge-streams.ts";
import { readLayout, type RecordLayout } from "./record-layouts.ts";
import { RawParts } from "./raw-parts.ts";
import { RawTasks } from "./raw-tasks.ts";
import { type AddressNames, RecordTaker } from "./record-taker.ts";

/** Of all CPUs, in wait for one that says nothing: then the order is given up, not the memory. */
const MAX_WAITING_BYTES = 64 << 20;

/** NR_CPUS of any kernel. */
const MAX_CPUS = 8192;
/** Of a kernel that keeps the names of no more than some 128 tasks. */
const MAX_FREQUENT_BYTES = 8192;

/** Shown what the stream is made of, for whoever writes it in another form. */
export interface RawTap {
  blob(name: string, text: string): void;
  /** @param page a sub-buffer, valid until this returns */
  page(cpu: number, page: Uint8Array, littleEndian: boolean): void;
  /** A process of the agent's own, and when it was that; the span's end is known later. */
  helper?(pid: number, span: HelperSpan): void;
}

export interface RawDecoderOptions {
  readonly tap?: RawTap;
  /** Where given, batches say whose their allocations are. */
  readonly tasks?: TaskTable | undefined;
}

export class RawDecoder implements StreamDecoder {
  readonly #tap: RawTap | undefined;
  readonly #onPage: RawTap["page"] | undefined;
  readonly #names: AddressNames;
  readonly #columns: EventColumns;
  readonly #tasks: TaskTable | undefined;
  #page: PageFormat | undefined;
  #layouts: (RecordLayout | undefined)[] = [];
  #streams: CpuStream[] = [];
  /** By CPU: what its stats counted, oldest first, until all of it has been read. */
  #promises = new Map<number, { records: number; nowNs: number }[]>();
  readonly #parts: RawParts;
  readonly #helpers: Helpers;
  /** The trace clock of the last stats: who helps up to then is known. */
  #statsNs = 0;
  readonly #taker: RecordTaker;
  /** Of the last event that was given out. */
  #lastNs = 0;
  /** Nothing more comes: nothing is waited for. */
  #flushing = false;
  /** Bytes were missing in this session. */
  #wasTorn = false;
  #lessons = 0;

  constructor(sites: CallSiteTable, names: AddressNames, { tap, tasks }: RawDecoderOptions = {}) {
    this.#columns = new EventColumns(tasks !== undefined);
    this.#tasks = tasks;
    this.#tap = tap;
    this.#helpers = new Helpers((pid, span) => tap?.helper?.(pid, span));
    this.#onPage = tap && ((cpu, page, littleEndian) => tap.page(cpu, page, littleEndian));
    this.#names = names;
    const sink = {
      line: (text: string, bytes: number, own: boolean) => this.#takeLine(text, bytes, own),
      blob: (name: string, bytes: Uint8Array) => this.#takeBlob(name, bytes),
    };
    this.#parts = new RawParts(sink, this.#columns.tally);
    const rawTasks = tasks && new RawTasks(tasks);
    this.#taker = new RecordTaker(this.#columns, sites, names, this.#helpers, rawTasks);
  }

  /** True while an event waits for the symbols of modules: a `kallsyms` blob lets it, and all behind it, go on. */
  get wantsSymbols(): boolean {
    return this.#taker.asked;
  }

  /** Grows with whatever the rest of the stream cannot be read without: formats, symbols, a new session. */
  get lessons(): number {
    return this.#lessons;
  }

  /** The trace clock of the last stats; -1 before any. What was read before them is not younger. */
  get statsNs(): number {
    return this.#statsNs > 0 ? this.#statsNs : -1;
  }

  /** Events that were given out behind a younger one: of a CPU that was no longer waited for. */
  get disordered(): number {
    return this.#taker.disordered;
  }

  cut(torn: LineClass): EventBatch {
    this.#columns.reset();
    this.#tear(torn);
    return this.#columns;
  }

  #tear(torn: LineClass): void {
    this.#parts.tear(torn);
    for (const stream of this.#streams) stream.cut(torn);
    this.#wasTorn = true;
  }

  push(chunk: Uint8Array): EventBatch {
    this.#columns.reset();
    this.#parts.push(chunk);
    this.#merge();
    return this.#columns;
  }

  end(): EventBatch {
    this.#columns.reset();
    this.#flush();
    this.#parts.leave();
    return this.#columns;
  }

  // ---- the stream ----------------------------------------------------------------------------------------------------

  #takeLine(text: string, bytes: number, own: boolean): void {
    const { tally } = this.#columns;
    const isAgent = text.startsWith("@kmemtap ");
    tally.count(isAgent ? LineClass.agent : text === "" ? LineClass.blank : LineClass.badHead, bytes);
    if (!isAgent) return;
    const [, , , type = "", ...words] = text.split(" ");
    const fields = new Map(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
    const cpu = Number(fields.get("cpu"));
    switch (type) {
      case "blob":
        if (!own) this.#parts.readBlob(fields.get("name") ?? "", Number(fields.get("bytes")));
        return;
      case "helpers":
        this.#helpers.hear(fields.get("pids") ?? "", this.#statsNs);
        return;
      case "round":
        return;
      case "pages":
        this.#parts.readPages(
          this.#streamOf(cpu),
          this.#page === undefined ? 0 : this.#page.dataOffset + this.#page.dataSize,
        );
        return;
      case "session":
        this.#flush();
        this.#parts.leave();
        this.#wasTorn = false;
        this.#lessons += 1;
        this.#streams = [];
        this.#taker.restart();
        this.#promises.clear();
        this.#layouts = [];
        this.#page = undefined;
        break;
      case "stats":
        this.#promise(cpu, fields);
        break;
      case "gap":
        // Of this side: what is torn by it is a line of a link that was lost, or of a recording.
        if (own) this.#tear(LineClass.truncated);
        break;
    }
    // All that can be said before it, however the stream was cut into chunks.
    this.#merge();
    const { marks, length } = this.#columns;
    marks.push({ text, at: length, timeNs: this.#lastNs });
  }

  #streamOf(cpu: number): CpuStream | undefined {
    const known = this.#streams.find((stream) => stream.cpu === cpu);
    if (known !== undefined || this.#page === undefined || !(cpu >= 0 && cpu < MAX_CPUS)) return known;
    const formats = { page: this.#page, layouts: this.#layouts, onPage: this.#onPage };
    const stream = new CpuStream(cpu, formats, this.#columns.tally, this.#taker.core);
    // What was missing may have been of this one.
    if (this.#wasTorn) stream.cut(LineClass.truncated);
    this.#streams.push(stream);
    this.#streams.sort((a, b) => a.cpu - b.cpu);
    return stream;
  }

  #promise(cpu: number, fields: ReadonlyMap<string, string>): void {
    const [entries, read, now] = ["entries", "read", "now"].map((key) => Number(fields.get(key)));
    const stream = this.#streamOf(cpu);
    if (stream === undefined || !Number.isFinite(entries + read + now)) return;
    stream.counted(read);
    const promises = this.#promises.get(cpu) ?? [];
    this.#promises.set(cpu, promises);
    // Microseconds, cut off.
    this.#statsNs = Math.round(now * 1e6) * 1000;
    promises.push({ records: entries + read, nowNs: this.#statsNs });
  }

  #takeBlob(name: string, bytes: Uint8Array): void {
    this.#columns.tally.bytes[LineClass.padding] += bytes.length;
    // Those that come every second are not worth it; of the others that are rare each is.
    if (name !== "cmdlines" || bytes.length > MAX_FREQUENT_BYTES) this.#lessons += 1;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    this.#tap?.blob(name, text);
    if (name === "header_page") this.#page = parsePageFormat(text);
    else if (name === "format") {
      const read = readLayout(text);
      if (read !== undefined) this.#layouts[read.id] = read.layout;
    } else if (name === "kallsyms") {
      this.#names.read(text);
      this.#taker.asked = false;
    } else if (name === "cmdlines") this.#tasks?.learn(parseSavedCmdlines(text));
  }

  // ---- the order -------------------------------------------------------------------------------------------------------

  /** All that is here, in order, whatever is still missing. */
  #flush(): void {
    this.#flushing = true;
    this.#taker.mayAsk = false;
    this.#taker.asked = false;
    this.#merge();
    this.#flushing = false;
    this.#taker.mayAsk = true;
    for (const stream of this.#streams) stream.end();
  }

  #merge(): void {
    const waiting = this.#streams.reduce((sum, stream) => sum + stream.waitingBytes, 0);
    const mayWait = !this.#flushing && waiting <= MAX_WAITING_BYTES;
    if (!this.#taker.asked) {
      mergeStreams(this.#streams, this.#taker.core, {
        untilNs: this.#flushing ? Infinity : this.#statsNs,
        mayBeOwn: this.#helpers,
        safeNsOf: (stream) => (mayWait ? this.#safeNsOf(stream) : Infinity),
        take: (stream) => this.#taker.take(stream),
      });
    }
    const { length, timeNs } = this.#columns;
    if (length > 0) this.#lastNs = timeNs[length - 1];
    this.#helpers.forgetBefore(this.#lastNs);
  }

  #safeNsOf(stream: CpuStream): number {
    const promises = this.#promises.get(stream.cpu);
    while (promises !== undefined && promises.length > 0 && promises[0].records <= stream.records) {
      stream.safeNs = Math.max(stream.safeNs, promises[0].nowNs);
      promises.shift();
    }
    return stream.safeNs;
  }
}
