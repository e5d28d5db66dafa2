/**
 * The rows of one view, shared by all who have it, and which of them came and went at which message number. Brought up to date when
 * a message is to be made of it: a view whose viewers are all stuck costs nothing.
 */
import { holdsKind, type LiveSizes, meets } from "../../model/caller-filter.ts";
import { byCaller } from "../../model/caller.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import { totalsOf } from "../../model/totals-of.ts";
import type { Others } from "../../model/wire.ts";
import type { View, ViewOrder } from "../../model/wire-request.ts";

/** The rows in an order, of one moment; sorted once, however many views have that order. */
export class OrderedRows {
  readonly #rows: readonly CallerRow[];
  readonly #sorted = new Map<string, readonly CallerRow[]>();
  readonly #askKinds: () => LiveSizes | undefined;
  #kinds: LiveSizes | undefined;

  /**
   * @param rows as a snapshot has them
   * @param kinds of their live objects, asked for when a view is by kind
   */
  constructor(rows: readonly CallerRow[], kinds: () => LiveSizes | undefined) {
    this.#rows = rows;
    this.#askKinds = kinds;
  }

  /** Nobody's where it is not known. */
  ofKind(kind: string): (row: CallerRow) => boolean {
    return holdsKind(kind, (this.#kinds ??= this.#askKinds() ?? new Map<string, never>()));
  }

  by(order: ViewOrder, descending: boolean): readonly CallerRow[] {
    const key = `${order} ${String(descending)}`;
    let sorted = this.#sorted.get(key);
    if (sorted === undefined) this.#sorted.set(key, (sorted = [...this.#rows].sort(comparison(order, descending))));
    return sorted;
  }
}

function comparison(order: ViewOrder, descending: boolean): (a: CallerRow, b: CallerRow) => number {
  const sign = descending ? -1 : 1;
  if (order === "caller") return (a, b) => sign * byCaller(a, b);
  return (a, b) => sign * (a[order] - b[order]) || byCaller(a, b);
}

export class ViewRows {
  readonly view: View;
  /** Nothing is left out: rows come, and never go. */
  readonly isWhole: boolean;
  #seq = 0;
  #rows: readonly CallerRow[] = [];
  #others: Others | undefined;
  readonly #entered = new Map<string, number>();
  readonly #left = new Map<string, number>();

  constructor(view: View) {
    this.view = view;
    this.isWhole = view.limit === undefined && Object.keys(view.filter ?? {}).length === 0;
  }

  get rows(): readonly CallerRow[] {
    return this.#rows;
  }

  /** Undefined where the view shows all. */
  get others(): Others | undefined {
    return this.#others;
  }

  refresh(seq: number, ordered: OrderedRows): void {
    if (seq === this.#seq) return;
    this.#seq = seq;
    const { rows, others } = selectFrom(this.view, ordered);
    this.#rows = rows;
    if (this.isWhole) return;
    this.#others = { callers: others.length, totals: totalsOf(others) };
    this.#note(seq, new Set(rows.map(({ callSite }) => callSite)));
  }

  #note(seq: number, now: ReadonlySet<string>): void {
    for (const callSite of now) {
      if (this.#entered.has(callSite)) continue;
      this.#entered.set(callSite, seq);
      this.#left.delete(callSite);
    }
    for (const callSite of this.#entered.keys()) {
      if (now.has(callSite)) continue;
      this.#entered.delete(callSite);
      this.#left.set(callSite, seq);
    }
  }

  /** Message number at which a row of it came into the view. */
  enteredAt(callSite: string): number {
    return this.#entered.get(callSite) ?? 0;
  }

  goneSince(since: number): string[] {
    return [...this.#left].filter(([, seq]) => seq > since).map(([callSite]) => callSite);
  }

  /** Another run: nothing of the last one is in it. */
  clear(): void {
    this.#entered.clear();
    this.#left.clear();
  }
}

interface Selection {
  readonly rows: readonly CallerRow[];
  readonly others: readonly CallerRow[];
}

/** A view's rows in its order, and those that it leaves out. */
export function selectRows(view: View, rows: readonly CallerRow[], kinds?: LiveSizes): Selection {
  return selectFrom(view, new OrderedRows(rows, () => kinds));
}

function selectFrom({ order, descending, filter = {}, limit = Infinity }: View, ordered: OrderedRows): Selection {
  const all = ordered.by(order, descending ?? order !== "caller");
  const isPlaced = meets(filter);
  const isOfKind = filter.kind === undefined ? () => true : ordered.ofKind(filter.kind);
  const rows: CallerRow[] = [];
  const others: CallerRow[] = [];
  for (const row of all) (rows.length < limit && isPlaced(row) && isOfKind(row) ? rows : others).push(row);
  return { rows, others };
}
