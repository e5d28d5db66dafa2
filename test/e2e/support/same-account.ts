/** An account of the product's held against a count that shares no code with it. */
import { naiveAccount } from "../../../bench/peers/naive.mjs";
import type { SiteAccount } from "../../../bench/peers/naive.mjs";
import type { CallerRow } from "../../../src/model/snapshot.ts";

const KEYS = [
  ...["allocs", "frees", "impliedFrees", "totalBytes", "requestedBytes"],
  ...["netBytes", "netRequestedBytes", "liveObjects"],
] as const satisfies readonly (keyof SiteAccount)[];
export type Figure = keyof SiteAccount;

/** What each call site has, so that two of them can be compared as a whole. */
export type Figures = Readonly<Record<string, Readonly<Partial<Record<Figure, number>>>>>;

export function figuresOf(callers: readonly CallerRow[], keys: readonly Figure[] = KEYS): Figures {
  return Object.fromEntries(callers.map((row) => [row.callSite, pick(row, keys)]));
}

/** The same from lines of a trace. */
export async function countOf(lines: string | readonly string[], keys: readonly Figure[] = KEYS): Promise<Figures> {
  const { sites } = await naiveAccount(typeof lines === "string" ? lines.split(/\r*\n/) : lines);
  return Object.fromEntries([...sites].map(([site, row]) => [site, pick(row, keys)]));
}

function pick(row: Readonly<Record<Figure, number>>, keys: readonly Figure[]): Partial<Record<Figure, number>> {
  return Object.fromEntries(keys.map((key) => [key, row[key]]));
}
