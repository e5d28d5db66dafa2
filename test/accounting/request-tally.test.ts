import { expect, it } from "vitest";
import { RequestTally } from "../../src/accounting/request-tally.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { batchOf, type TestEvent } from "../support/events.ts";

const MS = 1e6;

function tallied(events: readonly TestEvent[], maxObjects = 1000) {
  const tally = new RequestTally(maxObjects);
  const callSites = new CallSiteTable();
  for (const event of events) tally.apply(batchOf([event], callSites));
  return tally;
}

it("tells lives, CPUs, peaks, and frees that nobody saw", () => {
  const f = { kind: "kmalloc", site: "f+0x1/0x2", req: 10, alloc: 16 } as const;
  const tally = tallied([
    { ...f, ptr: 0x10n, cpu: 0, timeNs: 0 },
    { ...f, ptr: 0x20n, cpu: 0, timeNs: 0 },
    { ...f, ptr: 0x30n, cpu: 1, timeNs: 0 },
    { kind: "kfree", site: "g+0x1/0x2", ptr: 0x10n, cpu: 1, timeNs: 10 * MS },
    { kind: "cacheFree", site: "g+0x1/0x2", ptr: 0x30n, cpu: 1, timeNs: 11 * MS },
    // Its address again: the old one ended, nobody knows when.
    { ...f, ptr: 0x20n, cpu: 0, timeNs: 12 * MS },
    { kind: "cacheAlloc", site: "f+0x1/0x2", ptr: 0x40n, req: 10, alloc: 16, cpu: 3, timeNs: 12 * MS },
    { kind: "kfree", site: "g+0x1/0x2", ptr: 0x999n, cpu: 1, timeNs: 13 * MS },
  ]);
  expect(tally.cpus).toBe(4);
  const size = { site: 0, bytesReq: 10, bytesAlloc: 16 };
  expect(tally.classes()).toEqual([
    {
      ...size,
      ...{ kind: 0, allocs: 4, frees: 2, impliedFrees: 1, liveObjects: 1, peakObjects: 3 },
      ...{ shortLived: 1, lifeNs: 21 * MS, crossCpuFrees: 1 },
    },
    {
      ...size,
      ...{ kind: 1, allocs: 1, frees: 0, impliedFrees: 0, liveObjects: 1, peakObjects: 1 },
      ...{ shortLived: 0, lifeNs: 0, crossCpuFrees: 0 },
    },
  ]);
});

it("counts what it has no room to follow", () => {
  const events = [0x10n, 0x20n, 0x30n].map((ptr): TestEvent => ({ kind: "kmalloc", site: "f", ptr, req: 8, alloc: 8 }));
  expect(tallied(events, 2).classes()).toMatchObject([{ allocs: 3, liveObjects: 2, peakObjects: 2 }]);
});
