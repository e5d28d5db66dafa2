/** What differs between two footprints, laid out as the kernel's scripts/bloat-o-meter does, with the file behind each line. */
import type { SizeDiff, SymbolChange } from "../model/size.ts";
import { printable, totalOf } from "./size-table.ts";

export function formatSizeDiff(diff: SizeDiff): string {
  const { added, removed, grown, shrunk, upBytes, downBytes, deltaBytes, before, after, symbols } = diff;
  const percent = before.symbolBytes === 0 ? 0 : ((after.symbolBytes - before.symbolBytes) * 100) / before.symbolBytes;
  const rest = [before, after].map(({ totals, symbolBytes }) => totalOf(totals) - symbolBytes);
  return [
    `add/remove: ${added}/${removed} grow/shrink: ${grown}/${shrunk} up/down: ${upBytes}/${-downBytes} (${deltaBytes})`,
    line("Function", "old", "new", "delta", ""),
    ...symbols.map(lineOf),
    `Total: Before=${before.symbolBytes}, After=${after.symbolBytes}, chg ${signed(percent.toFixed(2))}%`,
    "",
    `In no symbol (strings, tables, padding): Before=${rest[0]}, After=${rest[1]}`,
    ...(["text", "rodata", "data", "bss"] as const).map(
      (part) =>
        `${part}: ${before.totals[part]} -> ${after.totals[part]} (${signed(String(after.totals[part] - before.totals[part]))})`,
    ),
  ]
    .map((text) => `${text.trimEnd()}\n`)
    .join("");
}

function lineOf({ name, oldName, file, oldFile, before, after, delta }: SymbolChange): string {
  const was = [oldName, oldFile].filter((text) => text !== undefined).join(" in ");
  const where = was === "" ? file : `${file} (was ${was})`;
  return line(printable(name), String(before ?? "-"), String(after ?? "-"), signed(String(delta)), printable(where));
}

function line(name: string, old: string, now: string, delta: string, where: string): string {
  return `${name.padEnd(40)} ${old.padStart(7)} ${now.padStart(7)} ${delta.padStart(7)}  ${where}`;
}

function signed(number: string): string {
  return number.startsWith("-") ? number : `+${number}`;
}
