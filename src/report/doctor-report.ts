/** What the doctor found, for a terminal: a line a check, its remedy below it. */
import type { Check, Doctor } from "../model/doctor.ts";

const MARKS: Readonly<Record<Check["status"], string>> = { ok: "ok     ", note: "note   ", problem: "PROBLEM" };

export function formatDoctor({ target, checks, mode }: Doctor): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = " ".repeat(MARKS.ok.length + 1 + width + 2);
  const lines = checks.flatMap(({ name, status, finding, remedy }) => [
    `${MARKS[status]} ${name.padEnd(width)}  ${printable(finding)}`,
    ...(remedy === undefined ? [] : [`${indent}→ ${printable(remedy)}`]),
  ]);
  return [...lines, "", verdict(target, checks, mode)].map((line) => `${line}\n`).join("");
}

function verdict(target: string, checks: readonly Check[], mode: Doctor["mode"]): string {
  const problems = checks.filter(({ status }) => status === "problem").length;
  if (problems > 0)
    return `${printable(target)} cannot be captured: ${problems} ${problems === 1 ? "problem" : "problems"}`;
  return `${printable(target)} can be captured${mode === null ? "" : ` (mode ${mode})`}`;
}

/** A target may call itself anything; the terminal gets no escapes from it, and a line stays a line. */
function printable(text: string): string {
  return text.replace(/[^\P{C}\t]/gu, "?");
}
