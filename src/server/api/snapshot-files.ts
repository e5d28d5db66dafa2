/** A snapshot in each form in which it is asked for, by the name's ending. */
import type { SnapshotQuery, Window } from "../../model/api.ts";
import { ExitCode, KmemtapError } from "../../model/errors.ts";
import { printable } from "../../model/printable.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RingAttribute, SourceNode } from "../../model/source-tree.ts";
import type { ViewOrder } from "../../model/wire-request.ts";
import { formatAccountFile } from "../../report/account-file.ts";
import { formatCallersCsv } from "../../report/callers-csv.ts";
import { formatRings } from "../../report/format-rings.ts";
import { lossNotice } from "../../report/loss-notice.ts";
import type { OrderBy } from "../../report/order.ts";
import { formatPprof } from "../../report/pprof.ts";
import { imageWithin, NOT_BY_PLACE } from "../../rings/image-within.ts";
import { moduleTreeOf } from "../../rings/module-tree.ts";
import { joinTrees, sourceTreeOf } from "../../rings/source-tree.ts";
import { formatSlabAccount } from "../../report/slab-account.ts";
import type { Footprint } from "../registry.ts";
import type { Selected } from "./select-callers.ts";
import { unknown } from "./kept-of.ts";

export interface FileContext extends Selected {
  readonly query: SnapshotQuery;
  readonly footprint: Footprint | undefined;
  /** Wall clock of the snapshot. */
  readonly atMs: number;
}

interface FileForm {
  readonly type: string;
  make(context: FileContext): string | Uint8Array | Promise<string | Uint8Array>;
}

export const SNAPSHOT_FILES = {
  json: { type: "application/json; charset=utf-8", make: (context) => JSON.stringify(jsonOf(context)) },
  txt: {
    type: "text/plain; charset=utf-8",
    // What shows it may be a terminal.
    make: ({ snapshot, query, window }) =>
      printable(formatAccountFile(wholly(snapshot, window, "trace_analyze's layout"), orderOf(query.order))),
  },
  csv: {
    type: "text/csv; charset=utf-8",
    make: ({ snapshot, window }) => formatCallersCsv(snapshot, { isWindow: window !== undefined }),
  },
  "slab-account.txt": {
    type: "text/plain; charset=utf-8",
    make: ({ snapshot, freeing, query, window }) =>
      printable(formatSlabAccount(wholly(snapshot, window, "a slab account"), known(freeing()), orderOf(query.order))),
  },
  svg: { type: "image/svg+xml", make: (context) => rings("svg", context) },
  png: { type: "image/png", make: (context) => rings("png", context) },
  "pb.gz": {
    type: "application/octet-stream",
    make: ({ snapshot, window, atMs }) =>
      formatPprof(window === undefined ? snapshot : between(snapshot, window), {
        atMs,
        isWindow: window !== undefined,
      }),
  },
} as const satisfies Record<string, FileForm>;
export type SnapshotFile = keyof typeof SNAPSHOT_FILES;

/** What trace_analyze's layout can be ordered by. */
const ORDERS: Partial<Record<ViewOrder, OrderBy>> = {
  netBytes: "current_dynamic",
  totalBytes: "total_dynamic",
  allocs: "alloc_count",
  frees: "free_count",
  wasteBytes: "waste",
};

function orderOf(order: ViewOrder): OrderBy {
  const known = ORDERS[order];
  if (known !== undefined) return known;
  throw usage(`a text is not ordered by ${order}`, `order by ${Object.keys(ORDERS).join(", ")}`);
}

/** With who freed, where it is asked for and known: of one moment, as two answers would not be. */
function jsonOf({ snapshot, freeing, query, window }: FileContext): Snapshot | Window {
  if (window !== undefined) {
    if (query.freeing !== true) return window;
    throw usage("who freed is known of the whole run, not of a window", "leave from and to, or freeing, out");
  }
  const frees = query.freeing === true ? freeing() : undefined;
  if (frees === undefined) return snapshot;
  return { ...snapshot, freeing: [...frees].map(([callSite, count]) => ({ callSite, frees: count })) };
}

function known(frees: ReadonlyMap<string, number> | undefined): ReadonlyMap<string, number> {
  if (frees !== undefined) return frees;
  throw unknown("who freed is not known", "ask for the present run, of all tasks; in mode hist it is not told");
}

/** Its trace clock, which is the whole run's, as that of the window; how many allocations had a stack is of the whole run too. */
function between(snapshot: Snapshot, { from, to }: Window): Snapshot {
  const window = { firstEventNs: Math.round(from.used * 1e9), lastEventNs: Math.round(to.used * 1e9) };
  return { ...snapshot, window, stacks: undefined };
}

/** What needs more than a window tells of a caller: what it asked for. */
function wholly(snapshot: Snapshot, window: Window | undefined, form: string): Snapshot {
  if (window === undefined) return snapshot;
  throw usage(
    `${form} is of the whole run, not of a window`,
    "leave from and to out, or ask for json, csv, svg, png or pb.gz",
  );
}

function usage(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("cli/usage", message, { nextStep, exitCode: ExitCode.wrongUse });
}

async function rings(format: "svg" | "png", { snapshot: all, parts, query, footprint, window }: FileContext) {
  if (window !== undefined && query.a !== undefined && !query.a.endsWith("_dynamic"))
    throw usage(`${query.a} is not known of a window`, "ask for current_dynamic or total_dynamic");
  // A ring has no room for less than nothing: it is of those that grew.
  const snapshot = window === undefined ? all : { ...all, callers: all.callers.filter(({ netBytes }) => netBytes > 0) };
  const hasSources = snapshot.symbols !== undefined;
  const attribute: RingAttribute = query.a ?? "current_dynamic";
  const name = snapshot.release ?? "kernel";
  const dynamic = hasSources ? sourceTreeOf(snapshot, name) : moduleTreeOf(snapshot.callers, name);
  const wantsImage = (attribute === "current" || attribute === "static") && footprint !== undefined && hasSources;
  const root = wantsImage ? joinTrees(dynamic, within(imageOf(await footprint(snapshot.release)), query)) : dynamic;
  const notExact = lossNotice(snapshot);
  const facts = {
    source: [snapshot.source.label, ...parts, ...(window === undefined ? [] : ["those that grew"])].join(", "),
    rings: hasSources ? "directory, file, function" : "module, function",
    ...(snapshot.release !== undefined && { kernel: snapshot.release }),
    ...(notExact !== undefined && { notExact }),
    isWindow: window !== undefined,
  };
  return formatRings(format, root, facts, { attribute });
}

function within(image: SourceNode, { text, directory, module, kind, task, comm }: SnapshotQuery): SourceNode {
  const part = imageWithin(image, { text, directory, module, kind, task: task ?? comm });
  if (part !== undefined) return part;
  throw usage(NOT_BY_PLACE, "leave what is no directory out, or ask for current_dynamic");
}

/** @param report kmemtap.size/1 as text */
function imageOf(report: Buffer): SourceNode {
  return (JSON.parse(report.toString()) as { tree: SourceNode }).tree;
}
