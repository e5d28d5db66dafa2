/** The accounts of what `--record` kept: of a run, or of a part of one. */
import { FrameKind } from "../transport/recording/frames.ts";
import { parseRun, type ReplayedAccount, RunReplay, type RunReplayOptions } from "./recorded-run.ts";
import { type PhasePart, RunFrames } from "./run-frames.ts";
import { type TimeSpan, TimeWindow } from "./time-window.ts";

export interface CaptureOptions extends Omit<RunReplayOptions, "window"> {
  /** Of several runs this one, from 1 on; the last one unless given. */
  readonly run?: number | undefined;
  /** Accounts no more than this of it. */
  readonly part?: TimeSpan | PhasePart | undefined;
  /** Told now and then how much of it was read, 0 to 1. */
  readonly onShare?: ((share: number) => void) | undefined;
}

export interface CaptureAccount extends ReplayedAccount {
  /** Runs in the recording. */
  readonly runs: number;
  /** Of the phase that was asked for: how many rounds the recording has of it. */
  readonly rounds?: number | undefined;
}

/**
 * The account of a run in the recording. What has no part in it is not even read.
 *
 * @throws {KmemtapError} `input/missing`, `input/empty` where it holds no run, `cli/usage` where it does not hold what is asked for
 */
export async function accountCapture(path: string, options: CaptureOptions): Promise<CaptureAccount> {
  const { part, run, onShare, ...others } = options;
  const frames = await RunFrames.open(path, run);
  try {
    const phase = part !== undefined && "phase" in part ? await frames.spanOf(part) : undefined;
    const span = phase?.span ?? (part as TimeSpan | undefined);
    const window = span === undefined ? undefined : new TimeWindow(span);
    const damage: string[] = [];
    let replay: RunReplay | undefined;
    let isEndRead = true;
    for await (const frame of frames.read(window)) {
      isEndRead = frame !== "skipped";
      onShare?.(frames.share);
      if (frame === "skipped") replay?.skip();
      else if ("damage" in frame) {
        damage.push(frame.damage);
        replay?.gap();
      } else if (frame.kind === FrameKind.run)
        replay = new RunReplay(frames.run, parseRun(frame), { ...others, window });
      else {
        const missing = replay?.take(frame);
        if (missing !== undefined) damage.push(missing);
      }
    }
    if (replay === undefined) throw frames.noRun(damage);
    const account = { ...replay.end(damage), runs: frames.runs, rounds: phase?.rounds };
    // Where the trace ends is not known where something is missing.
    return isEndRead && damage.length === 0 ? { ...account, traceNs: window?.traceNs() } : account;
  } finally {
    await frames.close();
  }
}
