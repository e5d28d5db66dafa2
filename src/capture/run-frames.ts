/** One run of a recording, by its frames: all of them, or those that a window of time needs. */
import { ExitCode, KmemtapError } from "../model/errors.ts";
import { BlockFlag, type Frame, FrameKind } from "../transport/recording/frames.ts";
import { type Block, type Damage, Recording } from "../transport/recording/read-recording.ts";
import type { RecordedPhase } from "./capture-recorder.ts";
import type { TimeSpan, TimeWindow } from "./time-window.ts";

/** A phase of a workload, of one of its rounds. */
export interface PhasePart {
  readonly phase: string;
  readonly round: number;
}

/** When a phase was, and how many rounds of it the recording has. */
export interface PhaseSpan {
  readonly span: TimeSpan;
  readonly rounds: number;
}

/** What holds frames of the run, with the number of runs that began before it. */
interface Item {
  readonly item: Block | Damage;
  readonly runsBefore: number;
}

export class RunFrames {
  readonly run: number;
  /** Runs in the recording. */
  readonly runs: number;
  readonly #path: string;
  readonly #recording: Recording;
  readonly #items: readonly Item[];
  #at = 0;

  private constructor(path: string, recording: Recording, items: readonly Item[], run: number, runs: number) {
    this.#path = path;
    this.#recording = recording;
    this.#items = items;
    this.run = run;
    this.runs = runs;
  }

  /**
   * @param run from 1 on; the last one unless given
   * @throws {KmemtapError} `input/missing`, `input/empty` where it holds no run, `cli/usage` where it does not hold that one
   */
  static async open(path: string, run?: number): Promise<RunFrames> {
    const recording = await Recording.open(path);
    try {
      const items: (Block | Damage)[] = [];
      for await (const item of recording.blocks()) items.push(item);
      const runs = items.reduce((most, item) => ("damage" in item ? most : Math.max(most, item.run)), 0);
      const damage = items.flatMap((item) => ("damage" in item ? [item.damage] : []));
      if (runs === 0) throw noRun(path, damage);
      const chosen = run ?? runs;
      if (chosen > runs) throw usage(`--run ${chosen}: ${path} holds ${runs}`, `--run takes 1 to ${runs}`);
      return new RunFrames(path, recording, itemsOf(items, chosen), chosen, runs);
    } catch (thrown) {
      await recording.close();
      throw thrown;
    }
  }

  /** How much of the run {@link read} has given, 0 to 1. */
  get share(): number {
    return this.#at / Math.max(1, this.#items.length);
  }

  close(): Promise<void> {
    return this.#recording.close();
  }

  noRun(damage: readonly string[]): KmemtapError {
    return noRun(this.#path, damage);
  }

  /**
   * The frames in order, the run's beginning first; what is damaged between them; "skipped" where some are left out.
   *
   * @param window what events are wanted; it may come to know where it is as the first ones are read
   */
  async *read(window?: TimeWindow): AsyncGenerator<Frame | Damage | "skipped"> {
    const bounds = boundsOf(this.#items, this.run);
    let skipped = false;
    for (const [i, { item, runsBefore }] of this.#items.entries()) {
      this.#at = i;
      if (!isNeeded(item, bounds[i], window)) {
        skipped = true;
        continue;
      }
      if (skipped) yield "skipped";
      skipped = false;
      if ("damage" in item) yield item;
      else yield* this.#framesIn(item, runsBefore);
    }
    if (skipped) yield "skipped";
  }

  /** When the phase was, by the marks that it left. */
  async spanOf({ phase, round }: PhasePart): Promise<PhaseSpan> {
    const marks: RecordedPhase[] = [];
    for (const { item, runsBefore } of this.#items) {
      if ("damage" in item || (item.flags & BlockFlag.phase) === 0) continue;
      for await (const frame of this.#framesIn(item, runsBefore)) {
        if ("damage" in frame || frame.kind !== FrameKind.phase) continue;
        marks.push(JSON.parse(Buffer.from(frame.bytes).toString()) as RecordedPhase);
      }
    }
    const begins = marks.flatMap((mark, i) => (mark.kind === "begin" ? [{ ...mark, end: marks.at(i + 1) }] : []));
    const ofPhase = begins.filter(({ name }) => name === phase);
    const found = ofPhase.find((mark) => mark.round === round);
    if (found !== undefined) {
      const { timeNs: fromNs, end } = found;
      return { span: { fromNs, toNs: end?.timeNs ?? Infinity, since: "clock" }, rounds: ofPhase.length };
    }
    const names = [...new Set(begins.map(({ name }) => name))].join(", ");
    const rounds = Math.max(...begins.map((mark) => mark.round));
    const there = rounds > 1 ? `${names}, of ${rounds} rounds` : names;
    throw usage(
      `there is no phase ${phase} of round ${round} in the recording`,
      names === "" ? "only recordings of kmemtap run have phases" : `it has ${there}; NAME@ROUND names another round`,
    );
  }

  async *#framesIn(block: Block, runsBefore: number): AsyncGenerator<Frame | Damage> {
    let current = runsBefore;
    for await (const frame of this.#recording.framesOf(block)) {
      if (!("damage" in frame) && frame.kind === FrameKind.run) current += 1;
      if ("damage" in frame || current === this.run) yield frame;
    }
  }
}

function itemsOf(items: readonly (Block | Damage)[], run: number): Item[] {
  const found: Item[] = [];
  let runsBefore = 0;
  for (const item of items) {
    // A block may hold the end of one run and the beginning of the next.
    const reaches = "damage" in item ? runsBefore : item.run;
    if (reaches >= run && runsBefore <= run) found.push({ item, runsBefore });
    runsBefore = reaches;
  }
  return found;
}

/** Between which times of the trace clock the events are that an item brings. */
interface Bounds {
  readonly fromNs: number;
  readonly toNs: number;
}

function boundsOf(items: readonly Item[], run: number): Bounds[] {
  const toNs: number[] = [];
  // From the end: the block behind, and the stats that come after those of that block.
  let behind: Block | undefined;
  let laterStatsNs = Infinity;
  for (const { item } of items.toReversed()) {
    const block = "damage" in item || item.run !== run ? undefined : item;
    if (block !== undefined && behind !== undefined && behind.statsNs > block.statsNs) laterStatsNs = behind.statsNs;
    // What a raw block brings was read before the next stats were; text is in order, but for what CPUs do at once.
    const isRaw = block !== undefined && block.statsNs >= 0;
    toNs.push(isRaw ? laterStatsNs : block === undefined ? Infinity : (behind?.clockNs ?? Infinity));
    behind = block ?? behind;
  }
  toNs.reverse();
  let clockNs = -1;
  return items.map(({ item }, i) => {
    const fromNs = clockNs;
    if (!("damage" in item) && item.run === run) ({ clockNs } = item);
    return { fromNs, toNs: toNs[i] };
  });
}

function isNeeded(item: Block | Damage, { fromNs, toNs }: Bounds, window: TimeWindow | undefined): boolean {
  const { fromNs: windowFromNs, toNs: windowToNs } = window ?? {};
  // Until the first event is known, so is nothing of where the window is.
  if (windowFromNs === undefined || windowToNs === undefined) return true;
  if (!("damage" in item) && (item.flags & BlockFlag.needed) !== 0) return true;
  return fromNs < windowToNs && toNs >= windowFromNs;
}

function usage(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("cli/usage", message, { nextStep, exitCode: ExitCode.wrongUse });
}

function noRun(path: string, damage: readonly string[]): KmemtapError {
  return new KmemtapError("input/empty", `${path} holds no run${damage.length > 0 ? `: ${damage.join("; ")}` : ""}`, {
    nextStep: "record again",
  });
}
