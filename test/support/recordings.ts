/** Real captures: those of fixtures/, and the 2012 logs that lie beside the repository. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { CallerRow, Totals } from "../../src/model/snapshot.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures/", import.meta.url));
/** Found beside the repository: data that must not be copied into it. */
export const SLAB_COMPARE = fileURLToPath(new URL("../../../shared/data/slab-compare/", import.meta.url));

interface Expected {
  readonly totals: Totals;
  readonly loss: { readonly lostEvents: number; readonly unmatchedFrees: number; readonly impliedFrees: number };
  readonly nullFrees: number;
  readonly nullAllocs: number;
  /** Lines that are whole. */
  readonly events: number;
  /** Of a console: lines in which at least the fields that count are whole. */
  readonly tolerant?: { readonly events: number };
  readonly callers: readonly Omit<CallerRow, "caller">[];
}

export interface Fixture {
  readonly name: string;
  readonly text: Uint8Array;
  readonly expected: Expected;
}

export function fixtureNames(): string[] {
  return readdirSync(FIXTURES).filter((name) => existsSync(`${FIXTURES}${name}/expected.json`));
}

export function readFixture(name: string): Fixture {
  const text = gunzipSync(readFileSync(`${FIXTURES}${name}/trace.txt.gz`));
  return { name, text, expected: JSON.parse(readFileSync(`${FIXTURES}${name}/expected.json`, "utf8")) as Expected };
}

export function readSlabLog(allocator: string): Uint8Array {
  return gunzipSync(readFileSync(`${SLAB_COMPARE}kmem_${allocator}.log.gz`));
}
