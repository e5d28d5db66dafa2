/** What happened to objects in some part of a workload, as sums. */
export interface Activity {
  allocs: number;
  frees: number;
  impliedFrees: number;
  totalBytes: number;
  requestedBytes: number;
  freedBytes: number;
}

export const none = (): Activity => ({
  allocs: 0,
  frees: 0,
  impliedFrees: 0,
  totalBytes: 0,
  requestedBytes: 0,
  freedBytes: 0,
});

export function addTo(into: Activity, sums: Readonly<Activity>): void {
  into.allocs += sums.allocs;
  into.frees += sums.frees;
  into.impliedFrees += sums.impliedFrees;
  into.totalBytes += sums.totalBytes;
  into.requestedBytes += sums.requestedBytes;
  into.freedBytes += sums.freedBytes;
}

export function totalOf(sites: Iterable<Activity>): Activity {
  const total = none();
  for (const sums of sites) addTo(total, sums);
  return total;
}

export function withNet(sums: Activity): Activity & { netBytes: number; netObjects: number } {
  return {
    ...sums,
    netBytes: sums.totalBytes - sums.freedBytes,
    netObjects: sums.allocs - sums.frees - sums.impliedFrees,
  };
}
