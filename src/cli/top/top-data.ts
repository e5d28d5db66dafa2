/** What the screen of `kmemtap top` is drawn of, and what comes of it. */
import type { Snapshot } from "../../model/snapshot.ts";
import type { Tasks } from "../../model/tasks.ts";

export interface TopData {
  readonly snapshot: Snapshot;
  /** Undefined, as the baseline, where only one look was taken. */
  readonly eventsPerSecond: number | undefined;
  /** Net bytes, one a step, the last one now. */
  readonly history: readonly number[];
  readonly stepMs: number;
  /** Net bytes of each call site when growth began to count. */
  readonly baseline: ReadonlyMap<string, number> | undefined;
  /** Which task allocated what; absent where it is not kept. */
  readonly tasks?: Tasks | undefined;
  /** Seconds that half of a caller's live objects are younger than, by call site; absent where it is not kept. */
  readonly ages?: ReadonlyMap<string, number> | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
  /** The terminal shows nothing but ASCII. */
  readonly ascii: boolean;
}

export interface Line {
  readonly text: string;
  readonly style: "plain" | "alarm" | "head" | "dim";
}
