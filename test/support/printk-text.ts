/** Lines of a console with tp_printk, and the captures that have one. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import type { CallerRow, Snapshot, Totals } from "../../src/model/snapshot.ts";
import type { HiddenPointers } from "../../src/model/loss.ts";

export const HIDDEN = "(____ptrval____)";

/** `[    0.548493] `, as printk stamps a line. */
export function stamp(seconds: string): string {
  return `[${seconds.padStart(12)}] `;
}

/** What oracle_printk.py made of a console, or of a console and a trace. */
export interface PrintkExpected {
  readonly totals: Totals;
  readonly unmatchedFrees: number;
  readonly nullFrees: number;
  readonly hiddenPointers: HiddenPointers;
  readonly printk?: {
    readonly events: number;
    readonly matched: number;
    readonly consoleOnly: number;
    readonly traceOnly: number;
    /** Frees of NULL among them: what the ring buffer has lost and the console holds. */
    readonly consoleOnlyWithNull: number;
  };
  readonly callers: readonly Omit<CallerRow, "caller">[];
}

export interface PrintkFixture {
  readonly console: Uint8Array;
  readonly trace: Uint8Array;
  readonly paths: { readonly console: string; readonly trace: string };
  readonly overrun: number;
  readonly joined: PrintkExpected;
  readonly consoleAlone: PrintkExpected;
}

export const PRINTK_FIXTURES = ["6.1-amd64-printk", "6.1-amd64-printk-real"];

export function readPrintkFixture(name: string): PrintkFixture {
  const dir = fileURLToPath(new URL(`../../fixtures/${name}/`, import.meta.url));
  const json = (file: string) => JSON.parse(readFileSync(`${dir}${file}`, "utf8")) as unknown;
  const paths = { console: `${dir}console.txt.gz`, trace: `${dir}trace.txt.gz` };
  return {
    console: gunzipSync(readFileSync(paths.console)),
    trace: gunzipSync(readFileSync(paths.trace)),
    paths,
    overrun: (json("facts.json") as { overrun: number }).overrun,
    joined: json("joined.json") as PrintkExpected,
    consoleAlone: json("console.json") as PrintkExpected,
  };
}

/**
 * The account that the oracle made, call site by call site. Peaks of a call site apart, where two CPUs' events may be put in
 * either order.
 */
export function expectAccount(snapshot: Snapshot, expected: PrintkExpected, withPeaks = true): void {
  expect(snapshot.totals).toEqual(expected.totals);
  expect(snapshot.loss.unmatchedFrees).toBe(expected.unmatchedFrees);
  const hidden = expected.hiddenPointers;
  expect(snapshot.loss.hiddenPointers).toEqual(hidden.allocs + hidden.frees > 0 ? hidden : undefined);
  const plain = (row: Omit<CallerRow, "caller">) => ({
    ...row,
    ...{ caller: "", wrapper: undefined, sizes: undefined },
    ...(!withPeaks && { peakNetBytes: 0 }),
  });
  const byCallSite = (a: { callSite: string }, b: { callSite: string }) => (a.callSite < b.callSite ? -1 : 1);
  expect(snapshot.callers.map(plain).sort(byCallSite)).toEqual(expected.callers.map(plain).sort(byCallSite));
}
