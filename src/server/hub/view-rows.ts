/**
 * The rows of one view, shared by all who have it, and which of them came and went at which message number. Brought up to date when
 * a message is to be made of it: a view whose viewers are all stuck costs nothing.
 */
import { holdsKind, type LiveSizes, meets } from "../../model/caller-filter.ts";
import { byCaller } from "../../model/caller.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import { callersOf, withoutPart } from "../../model/task-callers.ts";
import { type Tasks, tasksAsked } from "../../model/tasks.ts";
import { totalsOf } from "../../model/totals-of.ts";
import type { Others } from "../../model/wire.ts";
import type { View, ViewFilter, ViewOrder } from "../../model/wire-request.ts";
import type { Numbered } from "./numbered.ts";
import { sameRow } from "./run-log.ts";

/** What is composed only where a view asks for it; undefined where it is not known. */
export interface Asked {
  /** Of live objects. */
  readonly kinds: () => LiveSizes | undefined;
  /** Who allocated, with their callers. */
  readonly tasks: () => Tasks | undefined;
}

const NOTHING: Asked = { kinds: () => undefined, tasks: () => undefined };

/** The rows in an order, of one moment; sorted once, however many views have that order. */
export class OrderedRows {
  readonly rows: readonly CallerRow[];
  readonly #sorted = new Map<string, readonly CallerRow[]>();
  readonly #ofTasks = new Map<string, OrderedRows>();
  readonly #ask: Asked;
  #kinds: LiveSizes | undefined;

  /** @param rows as a snapshot has them */
  constructor(rows: readonly CallerRow[], ask: Asked = NOTHING) {
    this.rows = rows;
    this.#ask = ask;
  }

  /** Nobody's where it is not known. */
  ofKind(kind: string): (row: CallerRow) => boolean {
    return holdsKind(kind, (this.#kinds ??= this.#ask.kinds() ?? new Map<string, never>()));
  }

  /** The part that tasks have in the rows; none where it is not known. */
  ofTasks({ task, comm }: Pick<ViewFilter, "task" | "comm">): OrderedRows {
    const key = JSON.stringify([task, comm]);
    let part = this.#ofTasks.get(key);
    if (part === undefined) {
      const all = this.#ask.tasks();
      const asked = all && tasksAsked(all, { comm, ...(task !== undefined && { task: String(task) }) });
      const live = new Map(this.rows.map((row) => [row.callSite, row]));
      part = new OrderedRows([...callersOf(asked?.tasks ?? [], live).values()], this.#ask);
      this.#ofTasks.set(key, part);
    }
    return part;
  }

  by(order: ViewOrder, descending: boolean): readonly CallerRow[] {
    const key = `${order} ${String(descending)}`;
    let sorted = this.#sorted.get(key);
    if (sorted === undefined) this.#sorted.set(key, (sorted = [...this.rows].sort(comparison(order, descending))));
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
  /** Its rows are tasks' parts: they change with those, not with the callers' own. */
  readonly isOfTasks: boolean;
  #seq = 0;
  #rows: readonly CallerRow[] = [];
  #others: Others | undefined;
  readonly #entered = new Map<string, number>();
  readonly #left = new Map<string, number>();
  readonly #parts = new Map<string, Numbered<CallerRow>>();

  constructor(view: View) {
    this.view = view;
    this.isOfTasks = isOfTasks(view);
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
    if (!this.isOfTasks) return;
    for (const row of rows) {
      const known = this.#parts.get(row.callSite);
      if (known === undefined || !sameRow(known.value, row)) this.#parts.set(row.callSite, { seq, value: row });
    }
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

  /** Message number at which a row of tasks' parts last changed; of other views the run's own log knows. */
  changedAt(callSite: string): number | undefined {
    return this.isOfTasks ? (this.#parts.get(callSite)?.seq ?? 0) : undefined;
  }

  goneSince(since: number): string[] {
    return [...this.#left].filter(([, seq]) => seq > since).map(([callSite]) => callSite);
  }

  /** Another run: nothing of the last one is in it. */
  clear(): void {
    this.#entered.clear();
    this.#left.clear();
    this.#parts.clear();
  }
}

interface Selection {
  readonly rows: readonly CallerRow[];
  readonly others: readonly CallerRow[];
}

export function isOfTasks({ filter }: View): boolean {
  return filter?.task !== undefined || filter?.comm !== undefined;
}

/** A view's rows in its order, and those that it leaves out; of tasks' parts also what the others have in the same callers. */
export function selectRows(view: View, rows: readonly CallerRow[], ask?: Partial<Asked>): Selection {
  return selectFrom(view, new OrderedRows(rows, { ...NOTHING, ...ask }));
}

function selectFrom(view: View, whole: OrderedRows): Selection {
  const { order, descending, filter = {}, limit = Infinity } = view;
  const ordered = isOfTasks(view) ? whole.ofTasks(filter) : whole;
  const all = ordered.by(order, descending ?? order !== "caller");
  const isPlaced = meets(filter);
  const isOfKind = filter.kind === undefined ? () => true : ordered.ofKind(filter.kind);
  const rows: CallerRow[] = [];
  const others: CallerRow[] = [];
  for (const row of all) (rows.length < limit && isPlaced(row) && isOfKind(row) ? rows : others).push(row);
  return { rows, others: ordered === whole ? others : withoutPart(whole.rows, rows) };
}
