import { describe, expect, it } from "vitest";
import type { CallerRow } from "../../src/model/snapshot.ts";
import { ORDER_BY, ORDER_CHOICES, ORDER_WORDS, orderCallers } from "../../src/report/order.ts";

const NOTHING = {
  allocs: 0,
  frees: 0,
  impliedFrees: 0,
  totalBytes: 0,
  requestedBytes: 0,
  netBytes: 0,
  netRequestedBytes: 0,
  wasteBytes: 0,
  peakNetBytes: 0,
  liveObjects: 0,
};
const row = (caller: string, values: Partial<CallerRow> = {}): CallerRow => ({
  callSite: `${caller}/0x90`,
  caller,
  ...NOTHING,
  ...values,
});

describe("orderCallers", () => {
  it.each([
    ["current_dynamic", "netBytes"],
    ["total_dynamic", "totalBytes"],
    ["alloc_count", "allocs"],
    ["free_count", "frees"],
    ["waste", "wasteBytes"],
  ] as const)("%s: largest %s first, ties by caller", (order, key) => {
    const rows = [row("z", { [key]: 5 }), row("b", { [key]: 7 }), row("a", { [key]: 5 }), row("c", { [key]: 100 })];
    expect(orderCallers(rows, order).map(({ caller }) => caller)).toEqual(["c", "b", "a", "z"]);
  });

  it("knows trace_analyze's names and no other", () => {
    expect(ORDER_BY).toEqual(["current_dynamic", "total_dynamic", "alloc_count", "free_count", "waste"]);
  });

  it("goes by the words of the columns as by trace_analyze's", () => {
    expect(ORDER_CHOICES).toEqual(["net", "total", "waste", "allocs", "frees", ...ORDER_BY.slice(0, -1)]);
    for (const order of ORDER_BY) expect(ORDER_WORDS[order]).toBe(order);
  });

  it("orders callers that print alike by call site", () => {
    const rows = [row("a", { callSite: "a+0x1/0x90" }), row("a", { callSite: "a+0x1/0x80" })];
    expect(orderCallers(rows, "waste").map(({ callSite }) => callSite)).toEqual(["a+0x1/0x80", "a+0x1/0x90"]);
  });

  it("leaves its input as it was", () => {
    const rows = [row("b"), row("a")];
    orderCallers(rows, "waste");
    expect(rows.map(({ caller }) => caller)).toEqual(["b", "a"]);
  });
});
