/** What of an account the page shows, and how: all that a shared link restores. */
import type { RingAttribute } from "../../model/source-tree.ts";
import { type CallerFilter, NO_FILTER } from "../callers/filter-callers.ts";
import type { Stacking } from "../chart/stack.ts";
import type { ClockKind } from "../time/clock.ts";
import type { TaskChoice } from "../tasks/task-choice.ts";
import type { Sort } from "../callers/order-callers.ts";

export const PANELS = ["callers", "rings", "flame", "leaks", "workload", "compare", "tasks"] as const;
export type Panel = (typeof PANELS)[number];

/** A part of the trace clock, in seconds. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

export interface View {
  /** Id of the target; null for the first that the server has. */
  readonly target: string | null;
  readonly panel: Panel;
  /** The part of the trace that every view is of; null for all of it, up to now. */
  readonly window: Span | null;
  /** Seconds between the server's moments there when the window was chosen; null where that is not known. */
  readonly moments: number | null;
  readonly sort: Sort;
  readonly filter: CallerFilter;
  /** Whose allocations the callers are shown of; null for all. */
  readonly task: TaskChoice | null;
  /** Of the timeline; null for what fits the account. */
  readonly stacking: Stacking | null;
  /** How times are told; null for what fits the target. */
  readonly clock: ClockKind | null;
  /** Of the rings. */
  readonly attribute: RingAttribute;
  /** Call sites whose rows are open. */
  readonly open: readonly string[];
  /** What is compared with now: `run 2`, `at 12.345`; null before a choice. */
  readonly against: string | null;
}

export const DEFAULT_VIEW: View = {
  target: null,
  panel: "callers",
  window: null,
  moments: null,
  sort: { column: "net", descending: true },
  filter: NO_FILTER,
  task: null,
  stacking: null,
  clock: null,
  attribute: "current_dynamic",
  open: [],
  against: null,
};
