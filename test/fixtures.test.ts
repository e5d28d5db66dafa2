/** Real captures of every age: the account is the one an independent program made, cut wherever one likes. */
import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { EventLedger } from "../src/accounting/ledger.ts";
import { TextDecoder } from "../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../src/model/call-site-table.ts";
import { callerOf } from "../src/model/caller.ts";
import { type CallerRow, type Snapshot, snapshotSchema } from "../src/model/snapshot.ts";
import { accountOf, accountOfChunks, SOURCE } from "./support/account.ts";
import { type Fixture, fixtureNames, readFixture, readSlabLog, SLAB_COMPARE } from "./support/recordings.ts";

/** On this one the product and the oracle may differ in what they call damaged: it has a test of its own. */
const CONSOLE = "6.1-amd64-console";
/** Bytes of each capture that are cut at every place. */
const WINDOW = 2500;

/** Plain JavaScript without types, hence by a name that the compiler does not follow. */
const NAIVE: string = new URL("../bench/peers/naive.mjs", import.meta.url).href;
const AGREEMENT: string = new URL("../bench/sections/agreement.mjs", import.meta.url).href;

const names = fixtureNames();

it("the captures that the issue names are here", () => {
  for (const kernel of ["5.10-", "6.1-amd64", "6.12-", "7.2-", "6.1-armhf", CONSOLE]) {
    expect(
      names.some((name) => name.startsWith(kernel)),
      kernel,
    ).toBe(true);
  }
});

describe.each(names.filter((name) => name !== CONSOLE))("%s", (name) => {
  let fixture: Fixture;
  let whole: Snapshot;

  beforeAll(() => {
    fixture = readFixture(name);
    whole = accountOf(fixture.text);
  });

  it("has the account that the oracle made, call site by call site", () => {
    const { totals, loss, callers } = fixture.expected;
    expect(whole.totals).toEqual(totals);
    expect(whole.loss).toMatchObject(loss);
    const byCallSite = (a: { callSite: string }, b: { callSite: string }) => (a.callSite < b.callSite ? -1 : 1);
    const rows = whole.callers.map(withoutCaller);
    expect(rows.sort(byCallSite)).toEqual([...callers].sort(byCallSite));
  });

  it("has no byte that is not accounted for, and no line that does not read", () => {
    const { input, exact, loss } = snapshotSchema.parse(whole);
    expect(input.bytes).toBe(fixture.text.length);
    expect(input.ignored["nullFree"].lines).toBe(fixture.expected.nullFrees);
    expect(input.ignored["failedAllocation"].lines).toBe(fixture.expected.nullAllocs);
    expect(loss.rejected).toBe(0);
    expect(exact).toBe(fixture.expected.loss.lostEvents === 0);
  });

  it("is the same cut at any byte", () => {
    const middle = fixture.text.length >> 1;
    const excerpt = fixture.text.subarray(middle, middle + WINDOW);
    const account = accountOf(excerpt);
    for (let cut = 0; cut <= excerpt.length; cut++) {
      const halves = accountOfChunks([excerpt.subarray(0, cut), excerpt.subarray(cut)]);
      if (JSON.stringify(halves) !== JSON.stringify(account)) expect(halves, `cut at ${cut}`).toEqual(account);
    }
  });

  it("enters no wrong number when it ends anywhere", () => {
    // Every event of a truncated capture is the whole capture's event at that place.
    const end = Math.min(fixture.text.length, 20_000);
    const full = eventsOf(fixture.text.subarray(0, end));
    for (let cut = end - 700; cut <= end; cut++) {
      const events = eventsOf(fixture.text.subarray(0, cut));
      const last = events.length - 1;
      if (last >= 0) expect(events[last]).toBe(full[last]);
      expect(full.length - events.length).toBeLessThanOrEqual(10);
    }
  });
});

describe(CONSOLE, () => {
  const { text, expected } = readFixture(CONSOLE);
  const whole = accountOf(text);

  it("has every event that is whole in its line, and at most those whose fields are", () => {
    const read =
      whole.input.events.lines + whole.input.ignored["nullFree"].lines + whole.input.ignored["failedAllocation"].lines;
    expect(read).toBeGreaterThanOrEqual(expected.events);
    expect(read).toBeLessThanOrEqual(expected.tolerant?.events ?? 0);
  });

  it("has no event that does not stand in its line as it was taken", () => {
    const callSites = new CallSiteTable();
    const decoder = new TextDecoder(callSites);
    for (const line of Buffer.from(text).toString("latin1").split("\n")) {
      const { length, ptrHigh, ptrLow, callSite, kind, bytesReq, bytesAlloc } = decoder.push(
        Buffer.from(`${line}\n`, "latin1"),
      );
      for (let i = 0; i < length; i++) {
        const ptr = [ptrHigh[i], ptrLow[i]].map((word) => word.toString(16).padStart(8, "0")).join("");
        expect(line).toContain(`call_site=${callSites.text(callSite[i])} ptr=${ptr}`);
        if (kind[i] < 2) expect(line).toContain(` bytes_req=${bytesReq[i]} bytes_alloc=${bytesAlloc[i]} gfp`);
      }
    }
  });

  it("is not exact, and says how many lines did not read", () => {
    expect(whole.exact).toBe(false);
    expect(whole.loss.rejected).toBeGreaterThan(0);
    expect(whole.input.bytes).toBe(text.length);
  });
});

describe("the boot logs of 2012", () => {
  const missing = !existsSync(SLAB_COMPARE);

  it("are here; where they are not, the comparison is skipped, but never in continuous integration", ({ skip }) => {
    if (!missing) return;
    expect(process.env["CI"], `${SLAB_COMPARE} is missing`).not.toBe("true");
    skip(`${SLAB_COMPARE} is missing`);
  });

  describe.skipIf(missing).each(["SLAB", "SLOB", "SLUB"])("%s", (allocator) => {
    it("has the account of an independent count, call site by call site", async () => {
      const text = readSlabLog(allocator);
      const { naiveAccount } = (await import(NAIVE)) as { naiveAccount: Naive };
      const { differences } = (await import(AGREEMENT)) as {
        differences: Differences;
      };
      const naive = await naiveAccount(Buffer.from(text).toString("latin1").split("\n"));
      const { totals, callers, loss } = accountOf(text);
      const sites = new Map(callers.map((row) => [row.callSite, row]));
      const { lostEvents, unmatchedFrees } = loss;
      expect(differences(naive, { totals: { ...totals, lostEvents, unmatchedFrees }, sites })).toEqual([]);
      expect(naive.sites.size).toBeGreaterThan(100);
      expect(naive.sites.size).toBe(totals.callSites);
    });

    it("is exact, to the byte", () => {
      const text = readSlabLog(allocator);
      expect(accountOf(text)).toMatchObject({ exact: true, input: { bytes: text.length }, loss: { rejected: 0 } });
    });
  });
});

interface PlainAccount {
  readonly totals: Readonly<Record<string, number>>;
  readonly sites: ReadonlyMap<string, object>;
}
type Naive = (lines: Iterable<string>) => Promise<PlainAccount>;
type Differences = (expected: PlainAccount, actual: PlainAccount) => string[];

/** Each event as one text, in order. */
function eventsOf(text: Uint8Array): string[] {
  const callSites = new CallSiteTable();
  const decoder = new TextDecoder(callSites);
  const ledger = new EventLedger(callSites);
  const events: string[] = [];
  for (const next of [() => decoder.push(text), () => decoder.end()]) {
    const batch = next();
    ledger.apply(batch);
    for (let i = 0; i < batch.length; i++) {
      const { kind, ptrLow, ptrHigh, callSite, bytesReq, bytesAlloc, cpu, timeNs } = batch;
      events.push(
        [
          kind[i],
          ptrHigh[i],
          ptrLow[i],
          callSites.text(callSite[i]),
          bytesReq[i],
          bytesAlloc[i],
          cpu[i],
          timeNs[i],
        ].join(),
      );
    }
  }
  expect(ledger.snapshot({ source: SOURCE }).input.events.lines).toBe(events.length);
  return events;
}

/** The oracle knows no callers: a caller follows from its call site. */
function withoutCaller(row: CallerRow): Omit<CallerRow, "caller"> {
  const { caller, ...rest } = row;
  expect(caller).toBe(callerOf(row.callSite));
  return rest;
}
