/**
 * What two runs of the same differ by: a socket buffer in flight, a route that was looked up, a timer's work.
 *
 * Measured on boots of Debian's 6.1 (two CPUs, a shell by SSH; docs/diff.md): 6 to 12 of 530 functions differed, none by more than
 * 1,280 bytes, all together by less than 2 KiB of 15 MB. Now and then a function ran in one of them alone: `fib6_metric_set`, 96 bytes, of
 * a route that had a metric by then.
 */
import type { DiffNoise } from "../../model/diff.ts";
import type { MatchedFunction } from "../../compare/match-functions.ts";

/** Bytes; what one function may differ by. */
export const DEFAULT_NOISE_BYTES = 2048;
/** Together so many times as much, or so much of A, is no noise any more: a struct that grew by a word shows everywhere. */
const TOGETHER = 8;
const TOGETHER_OF_NET = 0.001;

/** What has no counterpart may be a change of the code: only an eighth of the threshold is the run's. */
const ON_ONE_SIDE = 1 / 8;

export interface Differing {
  /** b less a */
  readonly bytes: number;
  readonly isOnBoth: boolean;
  /** Whether both sides have calls from its module, or it is the kernel's own: a module that was loaded is no noise. */
  readonly isModuleOnBoth: boolean;
}

export function isNoise({ bytes, isOnBoth, isModuleOnBoth }: Differing, noiseBytes: number): boolean {
  if (isOnBoth) return Math.abs(bytes) <= noiseBytes;
  return isModuleOnBoth && Math.abs(bytes) <= noiseBytes * ON_ONE_SIDE;
}

/**
 * Many functions more are new code, however little each holds: together they may come to what one function may differ by, and what is
 * gone does not make up for what is new.
 * @param bytes of what is new or gone and small, b less a, each
 */
export function areTooManyNew(bytes: readonly number[], noiseBytes: number): boolean {
  return bytes.reduce((sum, each) => sum + Math.abs(each), 0) > noiseBytes;
}

/** kernel/workqueue.c: an object for each kworker. How many there are is a matter of timing, on a busy machine most of all. */
const WORKER = "alloc_worker";
/** kernel/pid.c: an object for each task. */
const TASK = "alloc_pid";
/** What is allocated for a kworker, as for any task. */
const OF_A_TASK: ReadonlySet<string> = new Set([
  ...["copy_process", "dup_task_struct", "alloc_thread_stack_node", "set_kthread_struct", "prepare_creds"],
  ...["security_prepare_creds", "security_task_alloc", TASK, WORKER],
]);

export interface Workers {
  /** kworkers, b less a */
  readonly more: number;
  /** Tasks of the side that has fewer, by which a function's bytes are those of so many tasks. */
  readonly tasks: number;
}

/** Where both have kworkers, and not as many. */
export function workersOf(functions: readonly MatchedFunction[]): Workers {
  const objects = (name: string, side: "a" | "b") =>
    functions
      .filter((row) => row.name === name && row.module === null)
      .reduce((sum, row) => sum + row[side].reduce((alive, { liveObjects }) => alive + liveObjects, 0), 0);
  const [a, b] = [objects(WORKER, "a"), objects(WORKER, "b")];
  const tasks = Math.min(objects(TASK, "a"), objects(TASK, "b"));
  return { more: a === 0 || b === 0 || tasks === 0 ? 0 : b - a, tasks };
}

/** A difference that is no more than so many kworkers take. Bytes of `a` and `b` are the function's net. */
export function isOfWorkers(name: string, a: number, b: number, { more, tasks }: Workers): boolean {
  if (more === 0 || !OF_A_TASK.has(name)) return false;
  const perTask = Math.max(a, b) / tasks;
  return Math.sign(b - a) === Math.sign(more) && Math.abs(b - a) <= Math.abs(more) * perTask;
}

/** @param noise of the functions that differ no more than that: how many, and bytes together */
export function judgeNoise(
  noise: Omit<DiffNoise, "bytesAFunction" | "isCounted">,
  noiseBytes: number,
  netBytesA: number,
): DiffNoise {
  const most = Math.max(noiseBytes * TOGETHER, noiseBytes === 0 ? 0 : netBytesA * TOGETHER_OF_NET);
  return { bytesAFunction: noiseBytes, ...noise, isCounted: Math.abs(noise.bytes) > most };
}
