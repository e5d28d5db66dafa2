/** trace_analyze's account file, to the byte: scripts of twelve years read it. */
import { printable } from "../model/printable.ts";
import type { AccountGroups, CallerRow, Snapshot } from "../model/snapshot.ts";
import { UNATTRIBUTED, UNKNOWN_FOLDER, UNKNOWN_FOLDER_NOTE } from "../model/source-tree.ts";
import { bytesMaybeGone, goneMark } from "./may-be-gone.ts";
import { groupsInOrder, type OrderBy, orderCallers } from "./order.ts";

/** What stands behind each caller, past what trace_analyze prints. */
export interface AccountExtras {
  /** Where in the source it is. */
  readonly lines?: boolean;
  /** That it is a wrapper, which allocates for its callers, and how many sizes it was asked for. */
  readonly wrappers?: boolean;
  /**
   * Objects that ended without a free being seen, without which alloc/free and net do not go together, and what of net may be
   * gone in that way; of all rows a line below the head.
   */
  readonly unseenFrees?: boolean;
  /** Lines above all: what the account is of, where it is of a part. */
  readonly heading?: readonly string[] | undefined;
  /** Of the groups, where there are any, so many rows; all unless said. */
  readonly top?: number | undefined;
}

export function formatAccountFile(snapshot: Snapshot, orderBy: OrderBy, extras: AccountExtras = {}): string {
  const { totals, callers, groups } = snapshot;
  const { heading = [] } = extras;
  const lines = [
    ...(heading.length === 0 ? [] : [...heading, ""]),
    `current bytes allocated: ${column(totals.netBytes, 10)}`,
    `current bytes requested: ${column(totals.netRequestedBytes, 10)}`,
    `current wasted bytes:    ${column(totals.wasteBytes, 10)}`,
    `number of allocs:        ${column(totals.allocs, 10)}`,
    `number of frees:         ${column(totals.frees, 10)}`,
    `number of callers:       ${column(totals.callSites, 10)}`,
    ...(extras.unseenFrees === true ? goneLine(snapshot) : []),
    "",
    ...(groups === undefined ? callerLines(callers, orderBy, extras) : groupLines(groups, orderBy, extras.top)),
  ];
  return lines.join("\n") + "\n";
}

/** Below trace_analyze's six, which stay as and where they are. */
function goneLine(snapshot: Snapshot): string[] {
  const bytes = bytesMaybeGone(snapshot);
  return bytes === 0 ? [] : [`allocated, may be gone:  ${column(bytes, 10)}`];
}

const RULE = "-".repeat(45);

function callerLines(callers: readonly CallerRow[], orderBy: OrderBy, extras: AccountExtras): string[] {
  return [
    "   total    waste      net alloc/free  caller",
    RULE,
    ...orderCallers(callers, orderBy).map((row) =>
      formatRow(
        [row.totalBytes, row.wasteBytes, row.netBytes],
        row.allocs,
        row.frees,
        row.caller +
          viaOf(row) +
          (extras.unseenFrees === true ? impliedMark(row) + goneMark(row) : "") +
          (extras.wrappers === true ? markOf(row) : "") +
          (extras.lines === true ? `  ${placeOf(row)}` : ""),
      ),
    ),
  ];
}

function groupLines({ by, groups }: AccountGroups, orderBy: OrderBy, top = groups.length): string[] {
  const isUnknown = groups.some(({ name }) => name.split("/", 1)[0] === UNKNOWN_FOLDER);
  return [
    `   total    waste      net  objects alloc/free  ${by}`,
    RULE,
    ...groupsInOrder(groups, orderBy)
      .slice(0, top)
      .map((group) => {
        const { name, totalBytes, wasteBytes, netBytes, liveObjects, allocs, frees } = group;
        const named = printable(name) + impliedMark(group) + goneMark(group);
        return formatRow([totalBytes, wasteBytes, netBytes, liveObjects], allocs, frees, named);
      }),
    ...(groups.length > top ? [`  … and ${String(groups.length - top)} more`] : []),
    ...(isUnknown ? ["", UNKNOWN_FOLDER_NOTE] : []),
  ];
}

/** Where stacks have told through which wrappers it allocated: never in a trace of trace_analyze's day. */
function viaOf({ via }: CallerRow): string {
  return via === undefined ? "" : `  via ${via.map((way) => way.function).join(", ")}`;
}

/** Behind a caller's alloc/free. */
export function impliedMark({ impliedFrees }: Pick<CallerRow, "impliedFrees">): string {
  return impliedFrees === 0 ? "" : `  (${String(impliedFrees)} implied ${impliedFrees === 1 ? "free" : "frees"})`;
}

function markOf({ wrapper, sizes = 0 }: CallerRow): string {
  if (wrapper !== true) return "";
  return sizes > 1 ? `  (wrapper, ${String(sizes)} sizes)` : "  (wrapper)";
}

/** `fs/fat/inode.c:640`, as far as it is known. */
export function placeOf({ source }: Pick<CallerRow, "source">): string {
  if (source === undefined || source.file === null) return UNATTRIBUTED;
  return source.line === null ? source.file : `${source.file}:${String(source.line)}`;
}

/** A row of the account file and of slab_account: `%8d %8d %8d %5d/%-5d %s`. */
export function formatRow(bytes: readonly number[], allocs: number, frees: number, caller: string): string {
  return `${bytes.map((value) => column(value, 8)).join(" ")} ${column(allocs, 5)}/${String(frees).padEnd(5)} ${caller}`;
}

/** A number, right-aligned: `%8d`. */
export function column(value: number, width: number): string {
  return String(value).padStart(width);
}
