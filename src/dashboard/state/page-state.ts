/** What the page knows: one immutable value, replaced by `applyMessage` and drawn by the parts. */
import type { CallerRow, Snapshot } from "../../model/snapshot.ts";
import type { TargetFacts } from "../../model/target-facts.ts";
import type {
  Alert,
  HistoryPoint,
  LinkState,
  Mark,
  Others,
  RunSummary,
  Series,
  TargetSummary,
} from "../../model/wire.ts";
import type { WorkloadProgress } from "../../model/workload-view.ts";

/** What an armed target adds to an account, as far as it is known; without any fact where kmemtap did not arm the target. */
export type TargetState = { readonly [Fact in keyof TargetFacts]?: TargetFacts[Fact] | undefined };

/**
 * A snapshot kept for merging: callers by call site, what an armed target adds in a place of its own (its `link` is what
 * the link is, the message's `link` how it stands), and what the server told beside it.
 */
export interface Account extends Omit<Snapshot, "callers" | keyof TargetFacts> {
  readonly callers: ReadonlyMap<string, CallerRow>;
  readonly target: TargetState;
  readonly link: LinkState;
  /** Wall clock of this viewer when `link` came; with `link.nowMs` it tells how far the two clocks are apart. */
  readonly receivedMs: number;
  readonly history: readonly HistoryPoint[];
  readonly series: Series;
  readonly marks: readonly Mark[];
  /** Rows that the view leaves out; undefined where it shows all. */
  readonly others: Others | undefined;
  readonly alerts: readonly Alert[];
  readonly previousRuns: readonly RunSummary[];
  /** How far the workload is; undefined before any. */
  readonly workload: WorkloadProgress | undefined;
}

/**
 * How the account stands to the server's: `none` before the connection's first snapshot, `asked` while a full one is
 * awaited, `current` when the next changes may be applied.
 */
export type Sync = "none" | "asked" | "current";

export interface PageState {
  readonly serverVersion: string | null;
  /** What this viewer may do. */
  readonly rights: { readonly control: boolean };
  readonly targets: readonly TargetSummary[];
  /** Id of the target that is shown; null where there is none yet. */
  readonly target: string | null;
  readonly sync: Sync;
  /** seq of the last message applied; meaningful while `sync` is `current`. */
  readonly seq: number;
  /** The last account known, also while the connection is down; null before the first. */
  readonly account: Account | null;
  /** Trouble that trying again does not mend, in words for people. */
  readonly problem: string | null;
}

export const emptyPage: PageState = {
  serverVersion: null,
  rights: { control: false },
  targets: [],
  target: null,
  sync: "none",
  seq: 0,
  account: null,
  problem: null,
};
