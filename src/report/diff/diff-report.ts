/** A difference as text that one pastes into a mail: growth first, one line a function. */
import type { Diff, DiffFigures, DiffFunction, DiffGate, DiffGroup, DiffSide } from "../../model/diff.ts";
import { formatSmallSpan } from "../../format/span.ts";
import { printable } from "../../model/printable.ts";
import { column } from "../account-file.ts";
import type { OrderBy } from "../order.ts";
import { countedChanges, isCounted } from "./counted-changes.ts";

export interface DiffReportOptions {
  readonly orderBy: OrderBy;
  /** Rows of a table. */
  readonly top: number;
  /** The call sites of each function as well. */
  readonly sites?: boolean;
}

const FIGURE = {
  current_dynamic: "netBytes",
  total_dynamic: "totalBytes",
  alloc_count: "allocs",
  free_count: "frees",
  waste: "wasteBytes",
} as const satisfies Record<OrderBy, keyof DiffFigures>;
const RULE = "-".repeat(45);

export function formatDiff(diff: Diff, options: DiffReportOptions): string {
  const isNet = options.orderBy === "current_dynamic";
  const changes = changesOf(diff, isNet);
  const functions = diff.functions.filter((row) => isShown(row, diff, options.orderBy));
  const groups = diff.groups.filter((group) => isGroupShown(group, functions));
  return [
    [
      sideLine("A", diff.a),
      sideLine("B", diff.b),
      `   ${signed(diff.delta.netBytes)} bytes${share(diff)}, ${signed(diff.delta.liveObjects)} objects`,
    ],
    // What a side is, and whether both can be compared at all, comes before any figure of the comparison.
    diff.notes.map((note) => `note: ${note}`),
    changes,
    groups.length === 0 ? [] : table(groups.map(groupRow(options.orderBy)), diff.groupedBy, options.top),
    functions.length === 0 ? [] : table(functions.map(functionRow(options)), "function", options.top),
    [...new Set(functions.flatMap(({ marks }) => marks))].map(
      () => "~ frees of these raise no event (kfree_rcu, bulk): some of the objects may be gone",
    ),
    isNet ? emptyLines(diff) : [],
    diff.gates.map((gate) => gateLine(gate)),
    verdictLines(diff),
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${printable(line)}\n`).join(""))
    .join("\n");
}

function sideLine(name: string, { label, release, figures, seconds, rounds }: DiffSide): string {
  const left = rounds === undefined ? "" : ` left by ${count(rounds, "round")}`;
  const facts = [
    `${figures.netBytes} bytes in ${count(figures.liveObjects, "object")}${left}`,
    ...(seconds === null ? [] : [seconds < 1 ? formatSmallSpan(seconds) : `${seconds.toFixed(1)} s`]),
    ...(release === undefined ? [] : [release]),
  ];
  return `${name}  ${label}: ${facts.join(", ")}`;
}

function share({ a, delta }: Diff): string {
  if (a.figures.netBytes <= 0) return "";
  const percent = (100 * delta.netBytes) / a.figures.netBytes;
  return ` (${percent < 0 ? "" : "+"}${percent.toFixed(Math.abs(percent) < 1 ? 3 : 1)} %)`;
}

/** What changed, in figures, and what is called noise. */
function changesOf(diff: Diff, isNet: boolean): string[] {
  const { functions, noise, growthBytes } = diff;
  const differing = functions.filter((row) => isCounted(row, noise) && row.delta.netBytes !== 0);
  const up = differing.reduce((sum, { delta }) => sum + Math.max(0, delta.netBytes), 0);
  const lines: string[] = [];
  const within = noiseLine(noise, noise.isCounted);
  if (up === 0) {
    const gone = differing.filter(({ status }) => status === "gone").length;
    const which = `${gone} gone, ${differing.length - gone} shrunk`;
    lines.push(
      `no growth beyond noise${growthBytes < 0 ? `; beyond it a fall of ${-growthBytes} bytes (${which})` : ""}`,
    );
  } else {
    const [added, grown, shrunk, gone] = countedChanges(diff).map((change) => change.functions);
    lines.push(
      `new/gone ${added}/${gone}, grown/shrunk ${grown}/${shrunk}: ` +
        `${signed(up)}/${growthBytes - up === 0 ? "-0" : signed(growthBytes - up)} bytes (${signed(growthBytes)})`,
    );
  }
  if (within !== undefined) lines.push(within);
  if (noise.workerBytes !== 0) {
    const { workers, workerBytes } = noise;
    const more = workers > 0 ? "more" : "less";
    lines.push(`noise: ${count(Math.abs(workers), "kworker")} ${more} in B, ${signed(workerBytes)} bytes`);
  }
  if (!isNet) lines.push("the tables below are in another order, and hide no noise");
  return lines;
}

function noiseLine({ functions, newOrGone, bytes, bytesAFunction }: Diff["noise"], isCounted: boolean) {
  if (functions === 0) return undefined;
  const few = newOrGone === 0 ? "" : ` (${newOrGone} new or gone, and listed)`;
  const what = `${count(functions, "function")}${few} ${functions === 1 ? "differs" : "differ"} by ${bytesAFunction} bytes or less, ${signed(bytes)} together`;
  return isCounted ? `${what}: more than noise, and counted` : `noise: ${what}`;
}

function isShown(row: DiffFunction, { noise }: Diff, orderBy: OrderBy): boolean {
  if (orderBy !== "current_dynamic") return row.delta[FIGURE[orderBy]] !== 0;
  if (row.status === "new" || row.status === "gone") return !isEmpty(row);
  return (row.delta.netBytes !== 0 || row.delta.liveObjects !== 0) && isCounted(row, noise);
}

/** Nothing of it is alive on either side. */
function isEmpty({ a, b }: DiffFunction): boolean {
  return [a, b].every(({ netBytes, liveObjects }) => netBytes === 0 && liveObjects === 0);
}

/** They allocate, so that they are new or gone, and have no place among what holds memory. */
function emptyLines({ functions }: Diff): string[] {
  const empty = functions.filter((row) => (row.status === "new" || row.status === "gone") && isEmpty(row));
  if (empty.length === 0) return [];
  const of = (status: DiffFunction["status"]) => empty.filter((row) => row.status === status).length;
  return [
    `not listed: ${of("new")} new and ${of("gone")} gone of which neither side holds anything (-o total has them)`,
  ];
}

function isGroupShown(group: DiffGroup, functions: readonly DiffFunction[]): boolean {
  return functions.some((row) => row.group === group.name);
}

interface Row {
  readonly delta: number;
  readonly objects: number;
  readonly a: number;
  readonly b: number;
  readonly name: string;
  readonly below: readonly string[];
}

function groupRow(orderBy: OrderBy) {
  const figure = FIGURE[orderBy];
  return ({ a, b, delta, name }: DiffGroup): Row => ({
    ...{ delta: delta[figure], objects: delta.liveObjects, a: a[figure], b: b[figure] },
    name: `${name}${a.allocs === 0 ? "  new" : b.allocs === 0 ? "  gone" : ""}`,
    below: [],
  });
}

function functionRow({ orderBy, sites }: DiffReportOptions) {
  const figure = FIGURE[orderBy];
  return (row: DiffFunction): Row => {
    const { a, b, delta, status } = row;
    const word = status === "new" || status === "gone" ? `  ${status}` : "";
    return {
      ...{ delta: delta[figure], objects: delta.liveObjects, a: a[figure], b: b[figure] },
      name: `${row.marks.length > 0 ? "~" : ""}${nameOf(row)}${word}`,
      below: sites === true && row.sites.length > 1 ? row.sites.map(siteLine) : [],
    };
  };
}

function nameOf({ function: name, module, sites }: DiffFunction): string {
  if (sites.length === 1) {
    const [{ a, b }] = sites;
    if (a === null || b === null || a === b) return b ?? a ?? name;
    return `${b} (was ${a})`;
  }
  return `${name}${module === null ? "" : ` [${module}]`} (${sites.length} call sites)`;
}

function siteLine({ a, b, netBytes, liveObjects }: DiffFunction["sites"][number]): string {
  const where = a === null || b === null || a === b ? (b ?? a ?? "") : `${b} (was ${a})`;
  const word = a === null ? "  only in B" : b === null ? "  only in A" : "";
  return `${signedColumn(netBytes, 9)} ${signedColumn(liveObjects, 7)}${" ".repeat(20)}    ${where}${word}`;
}

/** The largest changes, growth first. */
function table(rows: readonly Row[], title: string, top: number): string[] {
  const shown = [...rows].sort((x, y) => Math.abs(y.delta) - Math.abs(x.delta)).slice(0, top);
  shown.sort((x, y) => y.delta - x.delta);
  return [
    `    delta objects         A         B  ${title}`,
    RULE,
    ...shown.flatMap((row) => [
      `${signedColumn(row.delta, 9)} ${signedColumn(row.objects, 7)} ${column(row.a, 9)} ${column(row.b, 9)}  ${row.name}`,
      ...row.below,
    ]),
    ...(rows.length > top ? [`  … and ${rows.length - top} more`] : []),
  ];
}

function gateLine({ name, measure, bytes, limitBytes, functions, isOver, isDoubtful, ...gate }: DiffGate): string {
  const { doubtfulBytes = 0 } = gate;
  const verb = measure === "net" ? `holds ${bytes}` : bytes < 0 ? `shrank by ${-bytes}` : `grew by ${bytes}`;
  const none = functions === 0 ? "; no function is of it" : "";
  const doubt = isOver && doubtfulBytes > 0 ? `; ${doubtfulBytes} may be gone` : "";
  return `${isDoubtful ? "?   " : isOver ? "OVER" : "ok  "} ${name} ${verb} bytes, ${limitBytes} allowed${doubt}${none}`;
}

function verdictLines({ verdict, gates, exact, a, b }: Diff): string[] {
  const over = gates.filter(({ isOver, isDoubtful }) => isOver && !isDoubtful).length;
  const losses = [a, b].flatMap((side, i) => (side.exact ? [] : [`${"AB"[i]} ${side.notExact ?? "not exact"}`]));
  switch (verdict) {
    case "inconclusive":
      if (exact)
        return ["inconclusive: over only by bytes that frees without an event may explain (docs/hidden-frees.md)"];
      return [...losses, `inconclusive: it would be ${over > 0 ? "over" : "within"}`];
    case "over":
      return [`over: ${count(over, "limit")} of ${gates.length}`];
    case "within":
      return ["within"];
    case null:
      return losses;
  }
}

function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}

function signedColumn(value: number, width: number): string {
  return (value === 0 ? "0" : signed(value)).padStart(width);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
