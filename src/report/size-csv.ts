/** A footprint, and what differs between two, as comma-separated values (RFC 4180): a line a node, whose figures include those below it. */
import type { SizeDiff, SizeNode, SizeReport } from "../model/size.ts";
import { totalOf } from "./size-table.ts";

export function formatSizeCsv({ tree }: SizeReport): string {
  const lines = ["path,kind,text,rodata,data,bss,total"];
  const add = (node: SizeNode, path: string) => {
    const { text, rodata, data, bss } = node.static;
    lines.push([quoted(path), node.kind, text, rodata, data, bss, totalOf(node.static)].join(","));
    for (const child of node.children) add(child, path === "." ? child.name : `${path}/${child.name}`);
  };
  add(tree, ".");
  return lines.map((line) => `${line}\r\n`).join("");
}

export function formatSizeDiffCsv({ symbols }: SizeDiff): string {
  const lines = symbols.map(({ name, oldName, file, oldFile, group, before, after, delta }) =>
    [
      quoted(name),
      quoted(file),
      group,
      before ?? "",
      after ?? "",
      delta,
      quoted(oldName ?? ""),
      quoted(oldFile ?? ""),
    ].join(","),
  );
  return ["symbol,file,group,before,after,delta,old_symbol,old_file", ...lines].map((line) => `${line}\r\n`).join("");
}

function quoted(text: string): string {
  // A spreadsheet takes what begins so for a formula.
  const safe = /^[=+@-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
