/** A recording in mode raw as a trace.dat: the ring buffers' pages as they came, for trace-cmd and KernelShark. */
import { type FileHandle, open, rm } from "node:fs/promises";
import { clipPage, type ClipSpan } from "../ftrace/raw/clip-page.ts";
import { type PageFormat, parsePageFormat } from "../ftrace/raw/event-format.ts";
import { DiscardOwn, OwnSpans } from "../ftrace/raw/discard-own.ts";
import type { HelperSpan } from "../ftrace/raw/helpers.ts";
import { RawDecoder, type RawTap } from "../ftrace/raw/raw-decoder.ts";
import { type DatDescription, layOutDat } from "../ftrace/trace-dat/write-dat.ts";
import { CallSiteTable } from "../model/call-site-table.ts";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";
import { LineClass } from "../model/line-tally.ts";
import { parseSavedCmdlines } from "../model/task-table.ts";
import { KernelSymbols } from "../symbols/kernel-symbols.ts";
import { FrameKind } from "../transport/recording/frames.ts";
import type { RecordedRun } from "./capture-recorder.ts";
import { parseRun } from "./recorded-run.ts";
import { type PhasePart, type PhaseSpan, RunFrames } from "./run-frames.ts";
import { type TimeSpan, TimeWindow } from "./time-window.ts";

export interface DatExport {
  /** What is missing in it, a line each. */
  readonly damage: readonly string[];
  readonly pages: number;
  /** Events of kmemtap's own helpers that were left out. */
  readonly discarded: number;
  /** Of the phase that was asked for: how many rounds the recording has of it. */
  readonly rounds: number | undefined;
}

export interface DatOptions {
  /** From 1 on; the last one unless given. */
  readonly run?: number | undefined;
  /** No more of it than this. */
  readonly part?: TimeSpan | PhasePart | undefined;
  /** With what kmemtap's own helpers did on the target. */
  readonly own?: boolean | undefined;
  /** Told now and then how much of the work, 0 to 1, was done. */
  readonly onShare?: ((share: number) => void) | undefined;
}

const WRITE_BYTES = 1 << 20;

/**
 * @throws {KmemtapError} `input/…`; `target/unsupported` where it was not recorded in mode raw; `output/unwritable`
 */
export async function exportDat(path: string, output: string, options: DatOptions = {}): Promise<DatExport> {
  const frames = await RunFrames.open(path, options.run);
  try {
    const { part } = options;
    const times = new PassShares(frames, part === undefined || "phase" in part ? 2 : 3, options.onShare);
    const { span, rounds } = await spanOf(frames, part, times);
    const described = new Describer();
    const { recorded, damage } = await readThrough(frames, described, span, times.pass());
    const about = described.about(recorded);
    if (recorded.agent?.plan?.mode !== "raw" || about === undefined) throw notRaw(path, recorded);
    if (span !== undefined && about.cpuBytes.length === 0) {
      throw new KmemtapError("cli/usage", `${path} holds no events in that part`, {
        nextStep: "give another --from and --to; times count from its first event",
        exitCode: ExitCode.wrongUse,
      });
    }
    const { head, offsets } = layOutDat(about);
    const file = await create(output);
    try {
      const pages = new PageFile(file, offsets);
      await file.write(head, 0, head.length, 0);
      const others = new DiscardOwn(pages, described.own);
      const tell = times.pass();
      await readThrough(frames, options.own === true ? pages : others, span, () => {
        tell();
        return pages.flush(WRITE_BYTES);
      });
      await pages.flush(1);
      return { damage, pages: pages.written, discarded: others.discarded, rounds };
    } catch (thrown) {
      await rm(output, { force: true });
      throw unwritable(output, thrown);
    } finally {
      await file.close();
    }
  } finally {
    await frames.close();
  }
}

/** By the trace clock; undefined where all of it is wanted. */
async function spanOf(frames: RunFrames, part: DatOptions["part"], times: PassShares): Promise<Partial<PhaseSpan>> {
  if (part === undefined) return {};
  if ("phase" in part) return frames.spanOf(part);
  const decoder = new RawDecoder(new CallSiteTable(), new KernelSymbols());
  const window = new TimeWindow(part);
  const tell = times.pass();
  for await (const frame of frames.read()) {
    if (frame !== "skipped" && !("damage" in frame) && frame.kind === FrameKind.chunk)
      window.clip(decoder.push(frame.bytes));
    tell();
    const { fromNs, toNs } = window;
    if (fromNs !== undefined && toNs !== undefined) return { span: { fromNs, toNs, since: "clock" } };
  }
  window.clip(decoder.end());
  const { fromNs = 0, toNs = 0 } = window;
  return { span: { fromNs, toNs, since: "clock" } };
}

/** Passes all of the run by `tap`, or no more of its pages than are of the span. */
async function readThrough(
  frames: RunFrames,
  tap: RawTap,
  span: TimeSpan | undefined,
  afterChunk: () => Promise<void> | void,
): Promise<{ readonly recorded: RecordedRun; readonly damage: readonly string[] }> {
  const shown = span === undefined ? tap : new ClippedPages(tap, span);
  const decoder = new RawDecoder(new CallSiteTable(), new KernelSymbols(), { tap: shown });
  const damage: string[] = [];
  let recorded: RecordedRun | undefined;
  for await (const frame of frames.read(span && new TimeWindow(span))) {
    if (frame === "skipped") decoder.cut(LineClass.outside);
    else if ("damage" in frame) {
      damage.push(frame.damage);
      decoder.cut(LineClass.truncated);
    } else if (frame.kind === FrameKind.run) recorded = parseRun(frame);
    else if (frame.kind === FrameKind.dropped) decoder.cut(LineClass.truncated);
    else if (frame.kind === FrameKind.chunk && recorded?.agent?.plan?.mode === "raw") decoder.push(frame.bytes);
    await afterChunk();
  }
  decoder.end();
  await afterChunk();
  if (recorded === undefined) throw frames.noRun(damage);
  return { recorded, damage };
}

/** The recording is read several times: how much of all that was done. */
class PassShares {
  readonly #frames: Pick<RunFrames, "share">;
  readonly #passes: number;
  readonly #onShare: DatOptions["onShare"];
  #begun = 0;

  constructor(frames: Pick<RunFrames, "share">, passes: number, onShare: DatOptions["onShare"]) {
    this.#frames = frames;
    this.#passes = passes;
    this.#onShare = onShare;
  }

  /** Begins one; to be called now and then in it. */
  pass(): () => void {
    const done = this.#begun++;
    return () => this.#onShare?.((done + this.#frames.share) / this.#passes);
  }
}

/** Passes on of each page what is of the span. */
class ClippedPages implements RawTap {
  readonly #tap: RawTap;
  readonly #span: ClipSpan;
  #format: PageFormat | undefined;

  constructor(tap: RawTap, span: ClipSpan) {
    this.#tap = tap;
    this.#span = span;
  }

  blob(name: string, text: string): void {
    if (name === "header_page") this.#format = parsePageFormat(text);
    this.#tap.blob(name, text);
  }

  page(cpu: number, page: Uint8Array, littleEndian: boolean): void {
    const clipped = this.#format && clipPage(page, this.#format, littleEndian, this.#span);
    if (clipped !== undefined) this.#tap.page(cpu, clipped, littleEndian);
  }

  helper(pid: number, span: HelperSpan): void {
    this.#tap.helper?.(pid, span);
  }
}

/** Collects what stands before the pages, and how many there are. */
class Describer implements RawTap {
  readonly own = new OwnSpans();
  readonly #formats = new Map<string, string>();
  readonly #cpuBytes: number[] = [];
  #taskNames = new Map<number, string>();
  #headerPage = "";
  #headerEvent = "";
  #kallsyms = "";
  #littleEndian: boolean | undefined;

  blob(name: string, text: string): void {
    if (name === "header_page") this.#headerPage = text;
    else if (name === "header_event") this.#headerEvent = text;
    else if (name === "format") this.#formats.set(/^name: (\S+)/.exec(text)?.[1] ?? "", text);
    else if (name === "kallsyms") this.#kallsyms += text;
    else if (name === "cmdlines") this.#taskNames = new Map([...this.#taskNames, ...parseSavedCmdlines(text)]);
  }

  helper(pid: number, span: HelperSpan): void {
    this.own.add(pid, span);
  }

  page(cpu: number, page: Uint8Array, littleEndian: boolean): void {
    this.#littleEndian = littleEndian;
    while (this.#cpuBytes.length <= cpu) this.#cpuBytes.push(0);
    this.#cpuBytes[cpu] += page.length;
  }

  /** Undefined where nothing says how the pages are laid out. */
  about({ agent }: RecordedRun): DatDescription | undefined {
    const page = parsePageFormat(this.#headerPage);
    if (page === undefined) return undefined;
    return {
      littleEndian: this.#littleEndian !== false,
      longSize: page.longSize,
      pageBytes: page.dataOffset + page.dataSize,
      headerPage: this.#headerPage,
      headerEvent: this.#headerEvent,
      formats: [...this.#formats.values()],
      kallsyms: this.#kallsyms,
      taskNames: this.#taskNames,
      release: agent?.plan?.facts.release,
      cpuBytes: this.#cpuBytes,
    };
  }
}

/** Writes each CPU's pages one after the other to its place. */
class PageFile implements RawTap {
  written = 0;
  readonly #file: FileHandle;
  readonly #offsets: number[];
  readonly #waiting = new Map<number, Buffer[]>();
  #waitingBytes = 0;

  constructor(file: FileHandle, offsets: readonly number[]) {
    this.#file = file;
    this.#offsets = [...offsets];
  }

  blob(): void {
    // They stand before the pages.
  }

  page(cpu: number, page: Uint8Array): void {
    const pages = this.#waiting.get(cpu) ?? [];
    if (pages.length === 0) this.#waiting.set(cpu, pages);
    pages.push(Buffer.from(page));
    this.#waitingBytes += page.length;
    this.written += 1;
  }

  /** Writes what waits, if that is at least so many bytes. */
  async flush(leastBytes: number): Promise<void> {
    if (this.#waitingBytes < leastBytes) return;
    this.#waitingBytes = 0;
    for (const [cpu, pages] of this.#waiting) {
      const bytes = Buffer.concat(pages.splice(0));
      await this.#file.write(bytes, 0, bytes.length, this.#offsets[cpu]);
      this.#offsets[cpu] += bytes.length;
    }
  }
}

async function create(output: string): Promise<FileHandle> {
  try {
    return await open(output, "w");
  } catch (thrown) {
    throw unwritable(output, thrown);
  }
}

function unwritable(output: string, thrown: unknown): unknown {
  if (thrown instanceof KmemtapError) return thrown;
  return new KmemtapError("output/unwritable", `cannot write ${output}: ${messageOf(thrown)}`, {
    nextStep: "check the path, its permissions and the room there",
    cause: thrown,
  });
}

function notRaw(path: string, { agent }: RecordedRun): KmemtapError {
  return new KmemtapError(
    "target/unsupported",
    `${path} was recorded in mode ${agent?.plan?.mode ?? "text"}: it has no ring-buffer pages`,
    { nextStep: "record with --mode raw (over ssh: or local:), or export with --format chrome" },
  );
}
