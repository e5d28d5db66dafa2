/** The accounts of what `--record` kept: of a run, or of a part of one. */
import { ExitCode, KmemtapError } from "../model/errors.ts";
import type { AccountFilter } from "../model/snapshot.ts";
import { BlockFlag, FrameKind } from "../transport/recording/frames.ts";
import { type Block, type Damage, Recording } from "../transport/recording/read-recording.ts";
import type { RecordedAccount } from "./account-recording.ts";
import type { RecordedPhase } from "./capture-recorder.ts";
import { parseRun, RunReplay } from "./recorded-run.ts";
import { type TimeSpan, TimeWindow } from "./time-window.ts";

/** A phase of a workload, of its first round unless said. */
export interface PhasePart {
  readonly phase: string;
  readonly round: number;
}

export interface CaptureOptions {
  readonly filter: AccountFilter;
  /** Of several runs this one, from 1 on; the last one unless given. */
  readonly run?: number | undefined;
  /** Accounts no more than this of it. */
  readonly part?: TimeSpan | PhasePart | undefined;
}

export interface CaptureAccount extends RecordedAccount {
  /** Runs in the recording. */
  readonly runs: number;
}

/**
 * The account of a run in the recording. What has no part in it is not even read.
 *
 * @throws {KmemtapError} `input/missing`, `input/empty` where it holds no run, `cli/usage` where it does not hold what is asked for
 */
export async function accountCapture(path: string, options: CaptureOptions): Promise<CaptureAccount> {
  const recording = await Recording.open(path);
  try {
    const items: (Block | Damage)[] = [];
    for await (const item of recording.blocks()) items.push(item);
    const runs = items.reduce((most, item) => ("damage" in item ? most : Math.max(most, item.run)), 0);
    if (runs === 0) throw noRun(path, items);
    const run = options.run ?? runs;
    if (run > runs) throw usage(`--run ${run}: ${path} holds ${runs}`, `--run takes 1 to ${runs}`);
    const ofRun = itemsOf(items, run);
    const { part } = options;
    const span = part !== undefined && "phase" in part ? await spanOf(recording, ofRun, run, part) : part;
    const window = span === undefined ? undefined : new TimeWindow(span);
    const account = await accountRun(recording, ofRun, run, options.filter, window);
    if (account === undefined) throw noRun(path, items);
    return { ...account, runs };
  } finally {
    await recording.close();
  }
}

/** What holds frames of the run, with the number of runs that began before each. */
interface Item {
  readonly item: Block | Damage;
  readonly runsBefore: number;
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

async function accountRun(
  recording: Recording,
  items: readonly Item[],
  run: number,
  filter: AccountFilter,
  window: TimeWindow | undefined,
): Promise<RecordedAccount | undefined> {
  const bounds = boundsOf(items, run);
  const damage: string[] = [];
  let replay: RunReplay | undefined;
  let skipped = false;
  for (const [i, { item, runsBefore }] of items.entries()) {
    if (!isNeeded(item, bounds[i], window)) {
      skipped = true;
      continue;
    }
    if (skipped) replay?.skip();
    skipped = false;
    if ("damage" in item) {
      damage.push(item.damage);
      replay?.gap();
      continue;
    }
    let current = runsBefore;
    for await (const frame of recording.framesOf(item)) {
      if ("damage" in frame) {
        damage.push(frame.damage);
        replay?.gap();
      } else if (frame.kind === FrameKind.run) {
        current += 1;
        if (current === run) replay = new RunReplay(run, parseRun(frame), filter, window);
      } else if (current === run) {
        const missing = replay?.take(frame);
        if (missing !== undefined) damage.push(missing);
      }
    }
  }
  if (skipped) replay?.skip();
  return replay?.end(damage);
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

/** When the phase was, by the marks that it left. */
async function spanOf(
  recording: Recording,
  items: readonly Item[],
  run: number,
  { phase, round }: PhasePart,
): Promise<TimeSpan> {
  const marks: RecordedPhase[] = [];
  for (const { item, runsBefore } of items) {
    if ("damage" in item || (item.flags & BlockFlag.phase) === 0) continue;
    let current = runsBefore;
    for await (const frame of recording.framesOf(item)) {
      if ("damage" in frame) continue;
      if (frame.kind === FrameKind.run) current += 1;
      else if (frame.kind === FrameKind.phase && current === run)
        marks.push(JSON.parse(Buffer.from(frame.bytes).toString()) as RecordedPhase);
    }
  }
  const begins = marks.flatMap((mark, i) => (mark.kind === "begin" ? [{ ...mark, end: marks.at(i + 1) }] : []));
  const found = begins.find((mark) => mark.name === phase && mark.round === round);
  if (found !== undefined) return { fromNs: found.timeNs, toNs: found.end?.timeNs ?? Infinity, since: "clock" };
  const names = [...new Set(begins.map(({ name }) => name))].join(", ");
  throw usage(
    `there is no phase ${phase} of round ${round} in the recording`,
    names === "" ? "only recordings of kmemtap run have phases" : `it has ${names}; NAME@ROUND names another round`,
  );
}

function noRun(path: string, items: readonly (Block | Damage)[]): KmemtapError {
  const damage = items.flatMap((item) => ("damage" in item ? [item.damage] : []));
  return new KmemtapError("input/empty", `${path} holds no run${damage.length > 0 ? `: ${damage.join("; ")}` : ""}`, {
    nextStep: "record again",
  });
}

function usage(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("cli/usage", message, { nextStep, exitCode: ExitCode.wrongUse });
}
