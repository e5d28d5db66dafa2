/** Findings and the allocators' table for a terminal. */
import type { Advice, AllocatorFigures, Finding } from "../../model/advice.ts";
import { printable } from "../../model/printable.ts";
import { column } from "../account-file.ts";
import { FINDING_KINDS } from "./advise.ts";

const TITLES: Readonly<Record<Finding["kind"], string>> = {
  "odd-size": "a little above a bucket",
  cache: "worth a cache of their own",
  strings: "strings",
  churn: "freed as soon as allocated",
  constructor: "zeroed again and again",
  "cross-cpu": "freed on another CPU",
};
const RULE = "-".repeat(45);

export function formatAdvice(advice: Advice): string {
  const { findings, leftOut } = advice;
  const sections = [
    ...FINDING_KINDS.map((kind) =>
      findingLines(
        findings.filter((finding) => finding.kind === kind),
        kind,
      ),
    ),
    findings.length === 0 ? ["nothing that is worth a change"] : [],
    leftOut.map((line) => `not told: ${line}`),
    allocatorLines(advice),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${printable(line)}\n`).join(""))
    .join("\n");
}

function findingLines(findings: readonly Finding[], kind: Finding["kind"]): string[] {
  if (findings.length === 0) return [];
  return [
    TITLES[kind],
    RULE,
    ...findings.flatMap(({ summary, remedy, marks }) => [
      `${marks.length > 0 ? "~" : ""}${summary}`,
      `  → ${remedy}`,
      ...(marks.length > 0 ? ["    some may be gone: their frees raise no event"] : []),
    ]),
  ];
}

function allocatorLines({ allocators, seconds }: Advice): string[] {
  const { recordedBy, requests, kmallocs, kmallocsReproduced, recorded, models, deviations } = allocators;
  const by =
    recordedBy === null
      ? "no model reproduces its kmallocs"
      : `${recordedBy} reproduces ${kmallocsReproduced} of ${kmallocs} kmallocs`;
  const flagged = deviations.filter(({ cause }) => cause !== null);
  const unexplained = deviations.filter(({ cause }) => cause === null);
  return [
    `allocators: the same ${requests} requests, ${seconds.toFixed(1)} s; ${by}`,
    "     total     waste       net     waste  allocator",
    RULE,
    row(recorded),
    ...models.map(row),
    ...(flagged.length === 0
      ? []
      : [
          `caches of ${flagged.length} sizes are larger than the source alone says: by flags, which no event has (--json lists them)`,
        ]),
    ...unexplained.map(
      ({ kind, bytesReq, bytesAlloc, modelBytes, requests: n }) =>
        `not explained: ${n} × ${kind} of ${bytesReq} bytes took ${bytesAlloc}, by the source ${modelBytes}`,
    ),
  ];
}

function row({ name, kmalloc, cache }: AllocatorFigures): string {
  const both = (of: keyof typeof kmalloc) => column(kmalloc[of] + cache[of], 9);
  return ` ${both("bytes")} ${both("wasteBytes")} ${both("netBytes")} ${both("netWasteBytes")}  ${name}`;
}
