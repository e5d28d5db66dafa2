/** The accounts of a kmemtap that runs already, by its HTTP API. */
import { setTimeout as sleep } from "node:timers/promises";
import { ReadingRate } from "../../capture/rate-meter.ts";
import { KmemtapError, messageOf } from "../../model/errors.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { durationOf } from "../arm-options.ts";
import { say } from "../say.ts";
import { clearStatus, showStatus, spanOf } from "../status-line.ts";
import { untilStopped } from "../until-stopped.ts";
import { eventsIn, type Moment } from "./moment.ts";
import { Server } from "./served.ts";

export interface ServerOptions {
  /** A file with the server's token on its first line. */
  readonly tokenFile?: string;
  readonly for?: string;
}

/** What a moment may have beside its snapshot. */
interface ServerExtras {
  /** Tasks and lifetimes. */
  readonly besides?: boolean;
  /** Who freed. */
  readonly freeing?: boolean;
}

/**
 * One snapshot of the target that the URL names, or of the only one.
 *
 * @throws {KmemtapError} `input/empty` where nothing has come from the target: zeros would look like an account
 */
export async function snapshotOfServer(url: string, options: ServerOptions): Promise<Snapshot> {
  const server = new Server(url, options);
  return server.snapshot(await server.target());
}

/**
 * Asks for snapshots until the time is up or the operator ends it. A server that goes away is asked on, as is
 * one whose target has delivered nothing yet: it may be tried again.
 *
 * @param extras what to ask for beside the snapshot
 * @returns the last snapshot
 * @throws {KmemtapError} `link/refused` and `link/unreachable` where there was none at all, `input/empty` where the target never delivered
 */
export async function pollServer(
  url: string,
  options: ServerOptions,
  pollMs: number,
  take: (moment: Moment) => void,
  { besides = false, freeing = false }: ServerExtras = {},
): Promise<Snapshot> {
  const server = new Server(url, options);
  const forMs = options.for === undefined ? Infinity : durationOf("--for", options.for);
  const stopped = untilStopped();
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  const target = await server.target();
  const beganMs = Date.now();
  let last: Moment | undefined;
  let trouble: string | undefined;
  let empty: KmemtapError | undefined;
  const sums = new ReadingRate();
  while (!stop.signal.aborted) {
    try {
      const { freeing: frees, ...snapshot } = await server.snapshot(target, freeing);
      const tasks = besides ? await server.tasks(target) : undefined;
      const lives = besides ? await server.lives(target) : undefined;
      last = {
        ...momentAfter(last, snapshot, sums),
        tasks: () => tasks,
        lives: () => lives,
        freeingCallSites: frees && (() => new Map(frees.map(({ callSite, frees: count }) => [callSite, count]))),
      };
      trouble = undefined;
      take(last);
    } catch (thrown) {
      if (isEmpty(thrown)) empty = thrown;
      if (last === undefined && empty === undefined) throw thrown;
      if (trouble === undefined) say(`${messageOf(thrown)}; it is asked on`);
      trouble = messageOf(thrown);
    }
    const leftMs = forMs - (Date.now() - beganMs);
    if (leftMs <= 0) break;
    showStatus(() => `${target}: ${Number.isFinite(leftMs) ? `${spanOf(leftMs)} left` : "Ctrl-C ends it"}`);
    await Promise.race([stopped, sleep(Math.min(pollMs, leftMs), undefined, { ref: true })]);
  }
  clearStatus();
  if (last === undefined) throw empty ?? new KmemtapError("link/lost", `${url}: stopped before there was a snapshot`);
  return last.snapshot;
}

/** The rate, and whether events were lost, by what two snapshots of one run differ in; the rate of `sums` by those of the last seconds. */
function momentAfter(before: Moment | undefined, snapshot: Snapshot, sums: ReadingRate): Moment {
  const atMs = Date.now();
  const same = before?.snapshot.source.run === snapshot.source.run ? before : undefined;
  const seconds = same === undefined ? 0 : (atMs - same.atMs) / 1000;
  const lost = ({ loss }: Snapshot) => loss.lostEvents + loss.lostUncounted;
  const events = same === undefined ? 0 : eventsIn(snapshot) - eventsIn(same.snapshot);
  const isLosing = lost(snapshot) > (same === undefined ? 0 : lost(same.snapshot));
  if (same === undefined) sums.reset();
  const between = seconds > 0 ? Math.max(0, events) / seconds : 0;
  const eventsPerSecond = snapshot.mode === "hist" ? sums.sample(atMs, atMs, eventsIn(snapshot)) : between;
  return { atMs, snapshot, eventsPerSecond, isLosing, isLast: false };
}

function isEmpty(thrown: unknown): thrown is KmemtapError {
  return thrown instanceof KmemtapError && thrown.code === "input/empty";
}
