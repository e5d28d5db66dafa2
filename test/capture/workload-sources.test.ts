/** `-k` for a workload: what it left behind, by source. */
import { expect, it } from "vitest";
import { workloadWithSources } from "../../src/capture/with-sources.ts";
import { WorkloadAccount } from "../../src/capture/workload-account.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { CallerSource } from "../../src/model/snapshot.ts";
import { workloadSchema } from "../../src/model/workload.ts";
import { formatWorkload } from "../../src/report/workload-report.ts";
import { SOURCE } from "../support/account.ts";
import { batchOf, type TestEvent } from "../support/events.ts";
import { symbolizer, TREE } from "../support/source-tree.ts";

const SITES = ["setup+0xd/0x20", "gone+0x1/0x20 [nosuch]"];

/** Each site keeps an object of each round. */
function leaking(rounds: number) {
  const callSites = new CallSiteTable();
  const account = new WorkloadAccount(callSites);
  for (let round = 1; round <= rounds; round++) {
    account.begin("work", "true", round);
    const events = SITES.map((site, i): TestEvent => ({
      kind: "kmalloc",
      site,
      ptr: BigInt(0x1000 * round + i),
      req: 56,
      alloc: 64,
    }));
    account.apply(batchOf(events, callSites), () => undefined);
    account.end(0);
  }
  return account.result({ target: "local:", scope: "system", snapshot: account.snapshot({ source: SOURCE }) });
}

it.skipIf(symbolizer === undefined)(
  "residue and growth know their file and line, and the report prints it",
  async () => {
    const plain = leaking(3);
    const result = workloadSchema.parse(await workloadWithSources(plain, { kernel: TREE, force: true }));
    const placesOf = (rows: readonly { callSite: string; source?: CallerSource | undefined }[]) =>
      Object.fromEntries(rows.map(({ callSite, source }) => [callSite, [source?.file, source?.line]]));
    const places = { [SITES[0]]: ["fs/one.c", 3], [SITES[1]]: [null, null] };
    expect(placesOf(result.residue.callers)).toEqual(places);
    expect(placesOf(result.repeat?.growing ?? [])).toEqual(places);
    expect(placesOf(result.snapshot.callers)).toEqual(places);
    const text = formatWorkload(result);
    expect(text).toMatch(/setup\+0xd {2}\(fs\/one\.c:3\)\n/);
    expect(text).toMatch(
      /^leak +gone\+0x1 \[nosuch\]\n {2}alike +setup\+0xd\n +fs\/one\.c:3\n +together net bytes by round 128 128 128; /m,
    );
    expect(text).toMatch(/gone\+0x1 \[nosuch\]\n/);
    expect(formatWorkload(plain)).not.toContain("one.c");
  },
);
