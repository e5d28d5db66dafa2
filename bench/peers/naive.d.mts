export interface SiteAccount {
  allocs: number;
  frees: number;
  impliedFrees: number;
  totalBytes: number;
  requestedBytes: number;
  netBytes: number;
  netRequestedBytes: number;
  wasteBytes: number;
  peakNetBytes: number;
  liveObjects: number;
}
export interface NaiveTotals extends SiteAccount {
  callSites: number;
  unmatchedFrees: number;
  nullFrees: number;
  nullAllocs: number;
  lostEvents: number;
  otherLines: number;
}
export interface NaiveAccount {
  totals: NaiveTotals;
  sites: Map<string, SiteAccount>;
}
export function naiveAccount(lines: Iterable<string> | AsyncIterable<string>): Promise<NaiveAccount>;
export function accountFile(path: string): Promise<NaiveAccount>;
