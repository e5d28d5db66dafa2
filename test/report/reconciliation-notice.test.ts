/** What is said of frees that raised no event. */
import { describe, expect, it } from "vitest";
import type { Reconciliation } from "../../src/model/reconciliation.ts";
import { reconciliationNotice } from "../../src/report/reconciliation-notice.ts";
import { allocation, updateOf } from "../support/live-update.ts";

const { snapshot } = updateOf([1, 2, 3].map((ptr) => allocation("f+0x1/0x2", ptr)));
const group = {
  bytesAlloc: 64,
  caches: [
    { name: "small", before: 9, after: 2 },
    { name: "kmalloc-64", before: 20, after: 18 },
  ],
  ...{ eventObjects: 3, slabObjects: 0, remainder: 3, uncertainty: 1, hiddenFrees: 2 },
};
const reconciliation: Reconciliation = {
  ...{ exactSlabs: false, hiddenFrees: 2, hiddenBytes: 128, unknownFrees: 0, hiddenAllocs: 0 },
  groups: [group],
};

describe("the notice of hidden frees", () => {
  it("is none where slabs were not read, and agreement where they agree", () => {
    expect(reconciliationNotice(snapshot)).toBeUndefined();
    const agreeing = { ...reconciliation, hiddenFrees: 0, groups: [] };
    expect(reconciliationNotice({ ...snapshot, reconciliation: agreeing })).toMatch(/agrees with the events/);
  });

  it("says first whose objects are gone, then what tells so, the fullest cache first", () => {
    const callers = snapshot.callers.map((row) => ({ ...row, doubtfulObjects: 2, doubtfulBytes: 128 }));
    expect(reconciliationNotice({ ...snapshot, callers, reconciliation })).toBe(
      "slabs: 2 objects that look alive, 128 bytes, are gone, of f+0x1 (up to 2 of 3); " +
        "freed without an event by /proc/slabinfo: 2 ± 1 of 64 bytes (kmalloc-64, small)",
    );
  });
});
