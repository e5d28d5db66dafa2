/** A footprint for a terminal: directories, largest first, as deep as was asked for. */
import type { SizeNode, SizeReport } from "../model/size.ts";
import { type StaticBytes, UNKNOWN_FOLDER, UNKNOWN_FOLDER_NOTE } from "../model/source-tree.ts";

export interface SizeTableOptions {
  /** Levels below the root. */
  readonly depth: number;
  /** Of each node's children so many are shown, and the others in one line. */
  readonly top: number;
}

const COLUMNS = ["text", "rodata", "data", "bss"] as const;

export function formatSizeTable(report: SizeReport, options: SizeTableOptions): string {
  const { totals, init, image, objects, modules, kernel, branch } = report;
  const of = kernel.kind === "tree" ? `${plural(objects, "object")}, ${modules} of them modules` : "as linked";
  const lines = [
    `${printable(kernel.path)}${kernel.release === null ? "" : ` (${printable(kernel.release)})`}${branch === null ? "" : `, ${printable(branch)}`}: ${of}`,
    "",
    `${[...COLUMNS, "total"].map((name) => name.padStart(9)).join(" ")}  share`,
    row(totals, totalOf(totals), ""),
    "-".repeat(56),
    ...rowsOf(report.tree, totalOf(totals), 0, options),
    "",
    `as GNU size has it: text ${totals.text + totals.rodata}, data ${totals.data}, bss ${totals.bss}`,
    `freed after the start (.init): ${totalOf(init)}`,
  ];
  if (report.tree.children.some(({ name }) => name === UNKNOWN_FOLDER)) lines.push(UNKNOWN_FOLDER_NOTE);
  if (image !== null)
    lines.push(
      `vmlinux itself: text ${image.text}, rodata ${image.rodata}, data ${image.data}, bss ${image.bss}; what linking changes, docs/size.md explains`,
    );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

export function totalOf({ text, rodata, data, bss }: StaticBytes): number {
  return text + rodata + data + bss;
}

function* rowsOf(node: SizeNode, whole: number, level: number, options: SizeTableOptions): Generator<string> {
  if (level === options.depth) return;
  const ordered = [...node.children].sort((a, b) => totalOf(b.static) - totalOf(a.static));
  const indent = "  ".repeat(level);
  for (const child of ordered.slice(0, options.top)) {
    yield row(child.static, whole, `${indent}${printable(child.name)}${child.kind === "directory" ? "/" : ""}`);
    yield* rowsOf(child, whole, level + 1, options);
  }
  const others = ordered.slice(options.top);
  if (others.length > 0) yield row(sumOf(others), whole, `${indent}(${others.length} more)`);
}

function sumOf(nodes: readonly SizeNode[]): StaticBytes {
  const sum = { text: 0, rodata: 0, data: 0, bss: 0 };
  for (const { static: held } of nodes) for (const part of COLUMNS) sum[part] += held[part];
  return sum;
}

function row(held: StaticBytes, whole: number, name: string): string {
  const numbers = [...COLUMNS.map((part) => held[part]), totalOf(held)].map((n) => String(n).padStart(9)).join(" ");
  const share = whole === 0 ? 0 : (totalOf(held) * 100) / whole;
  return `${numbers} ${share.toFixed(1).padStart(5)}%  ${name}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Names come from files that anybody may have made; the terminal gets no escapes from them. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
