import { describe, expect, it } from "vitest";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { WrapperList } from "../../src/model/wrapper-list.ts";
import { SOURCE } from "../support/account.ts";
import { batchOf, type TestEvent } from "../support/events.ts";

const alloc = (ptr: bigint, site: string, req: number): TestEvent => ({ kind: "kmalloc", ptr, site, req, alloc: 64 });

describe("rows of wrappers", () => {
  it("are marked, with the number of sizes they were asked for, however often a snapshot is made", () => {
    const sites = new CallSiteTable();
    const ledger = new EventLedger(sites, { wrappers: new WrapperList(["kstrdup"]) });
    const rows = () =>
      ledger.snapshot({ source: SOURCE }).callers.map(({ caller, wrapper, sizes }) => ({ caller, wrapper, sizes }));
    const owner = { caller: "owner+0x1", wrapper: undefined, sizes: undefined };
    ledger.apply(batchOf([alloc(1n, "kstrdup+0x1/0x9", 5), alloc(2n, "owner+0x1/0x9", 5)], sites));
    expect(rows()).toEqual([{ caller: "kstrdup+0x1", wrapper: true, sizes: 1 }, owner]);
    ledger.apply(batchOf([alloc(3n, "kstrdup+0x1/0x9", 6), alloc(4n, "kstrdup+0x1/0x9", 5)], sites));
    expect(rows()).toEqual([{ caller: "kstrdup+0x1", wrapper: true, sizes: 2 }, owner]);
  });
});
