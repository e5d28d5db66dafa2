/** Live updates get their callers' source while they come, and the last one has it all. */
import { lastValueFrom, of, Subject, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { liveSources } from "../../src/capture/live-sources.ts";
import type { LiveUpdate } from "../../src/capture/live-update.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { accountOf } from "../support/account.ts";
import { charge } from "../support/callers.ts";
import { updateOf } from "../support/live-update.ts";
import { RELEASE, TREE } from "../support/source-tree.ts";
import { until } from "../support/until.ts";

const SITES = ["setup+0xd/0x20", "same+0xd/0x20", "tiny_read+0x9/0x20 [tiny_fs]"];

function update(sites: number, release = RELEASE): LiveUpdate {
  const callers = SITES.slice(0, sites).map((site) => charge(site, undefined, 10));
  const snapshot: Snapshot = { ...accountOf(""), callers, release };
  return { ...updateOf([]), snapshot };
}

const filesOf = ({ snapshot }: LiveUpdate) => snapshot.callers.map(({ source }) => source?.file);

describe("live updates", () => {
  it("pass at once, and have what is known by then", async () => {
    const updates = new Subject<LiveUpdate>();
    const seen: LiveUpdate[] = [];
    const troubles: string[] = [];
    updates.pipe(liveSources({ kernel: TREE }, (text) => troubles.push(text))).subscribe((value) => seen.push(value));
    updates.next(update(1));
    expect(seen.map(filesOf)).toEqual([[undefined]]);
    await until("the first answers", () => {
      updates.next(update(2));
      return seen.at(-1)?.snapshot.symbols?.unattributed.callSites === 0;
    });
    expect(seen.at(-1)?.snapshot.callers.every(({ source }) => source !== undefined)).toBe(true);
    // An unchanged source is the same object: a viewer is not sent the row again.
    updates.next(update(2));
    const [before, after] = seen.slice(-2);
    expect(after.snapshot.callers[0].source).toBe(before.snapshot.callers[0].source);
    updates.complete();
    expect(troubles).toEqual([]);
  });

  it("end with one that has all of it, and nothing twice", async () => {
    const all = await lastValueFrom(
      of(update(3)).pipe(
        liveSources({ kernel: TREE }, () => undefined),
        toArray(),
      ),
    );
    expect(all).toHaveLength(2);
    expect(all[1].snapshot.callers.every(({ source }) => source !== undefined)).toBe(true);
    expect(all[1]).toMatchObject({ newPoints: [], newAlerts: [] });
  });

  it("go on without, where the kernel is another one, which is told once", async () => {
    const troubles: string[] = [];
    const three = of(update(1, "6.9.1"), update(2, "6.9.1"), update(3, "6.9.1"));
    const all = await lastValueFrom(
      three.pipe(
        liveSources({ kernel: TREE }, (text) => troubles.push(text)),
        toArray(),
      ),
    );
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatch(/6\.1\.0-tiny, the capture is of 6\.9\.1/);
    expect(all.at(-1)?.snapshot.symbols?.findings).toEqual(troubles);
    expect(all.at(-1)?.snapshot.callers).toHaveLength(3);
  });
});
