import { describe, expect, it } from "vitest";
import { columnsOf } from "../../../src/dashboard/callers/columns.ts";
import {
  keepOrder,
  nextSort,
  orderCallers,
  sortAmong,
  sortCallers,
} from "../../../src/dashboard/callers/order-callers.ts";
import { NO_FILTER } from "../../../src/dashboard/callers/filter-callers.ts";
import { row } from "../make.ts";

const rows = [
  row("ext4_alloc_inode+0x1/0x9 [ext4]", { netBytes: 10, allocs: 3 }),
  row("btrfs_alloc_path+0x1/0x9 [btrfs]", { netBytes: 30, allocs: 3 }),
  row("alloc_inode+0x1/0x9", { netBytes: 20, allocs: 7 }),
];
const byNet = { column: "net", descending: true } as const;
const words = (text: string) => ({ ...NO_FILTER, text });
const names = (list: readonly { callSite: string }[]) => list.map(({ callSite }) => callSite.split("+")[0]);

describe("orderCallers", () => {
  it("sorts by a number, ties by caller", () => {
    expect(names(orderCallers(rows, NO_FILTER, byNet))).toEqual([
      "btrfs_alloc_path",
      "alloc_inode",
      "ext4_alloc_inode",
    ]);
    expect(names(orderCallers(rows, NO_FILTER, { column: "allocs", descending: true }))).toEqual([
      "alloc_inode",
      "btrfs_alloc_path",
      "ext4_alloc_inode",
    ]);
  });

  it("sorts by name both ways", () => {
    expect(names(orderCallers(rows, NO_FILTER, { column: "caller", descending: false }))[0]).toBe("alloc_inode");
    expect(names(orderCallers(rows, NO_FILTER, { column: "caller", descending: true }))[0]).toBe("ext4_alloc_inode");
  });

  it("finds every word, in any case and order, in the function or its module", () => {
    expect(names(orderCallers(rows, words("INODE [ext4]"), byNet))).toEqual(["ext4_alloc_inode"]);
    expect(names(orderCallers(rows, words(" alloc  btr "), byNet))).toEqual(["btrfs_alloc_path"]);
    expect(orderCallers(rows, words("nothing"), byNet)).toEqual([]);
  });

  it("does not read the filter as a pattern", () => {
    expect(orderCallers(rows, words(".*"), byNet)).toEqual([]);
  });
});

describe("keepOrder", () => {
  it("keeps the places, shows the present values, and puts new callers last in order", () => {
    const shown = orderCallers(rows, NO_FILTER, byNet);
    const callers = new Map(shown.map((r) => [r.callSite, r]));
    const grown = { ...rows[0], netBytes: 999 };
    callers.set(grown.callSite, grown);
    for (const fresh of [row("new_small", { netBytes: 1 }), row("new_big", { netBytes: 5000 })]) {
      callers.set(fresh.callSite, fresh);
    }
    const kept = keepOrder(shown, callers, NO_FILTER, byNet);
    expect(names(kept)).toEqual(["btrfs_alloc_path", "alloc_inode", "ext4_alloc_inode", "new_big", "new_small"]);
    expect(kept[2].netBytes).toBe(999);
  });

  it("adds no caller that the filter hides", () => {
    const shown = orderCallers(rows, words("btrfs"), byNet);
    expect(names(keepOrder(shown, new Map(rows.map((r) => [r.callSite, r])), words("btrfs"), byNet))).toEqual([
      "btrfs_alloc_path",
    ]);
  });
});

it("sorts a table that has not the chosen column by net", () => {
  const ofWindow = columnsOf("window", true);
  const [byAllocs, byWaste] = (["allocs", "waste"] as const).map((column) => ({ column, descending: false }));
  expect(sortAmong(ofWindow, byAllocs)).toBe(byAllocs);
  expect(sortAmong(ofWindow, byWaste)).toEqual(byNet);
  expect(sortAmong(columnsOf("whole", false), byWaste)).toBe(byWaste);
});

describe("nextSort", () => {
  it("turns the order round, and begins with the greatest number or the first name", () => {
    expect(nextSort(byNet, "net")).toEqual({ column: "net", descending: false });
    expect(nextSort(byNet, "frees")).toEqual({ column: "frees", descending: true });
    expect(nextSort(byNet, "caller")).toEqual({ column: "caller", descending: false });
  });
});

it("gives the same order whatever order the rows had before", () => {
  const callers = ["d", "a", "c", "b"].map((name, i) => row(name, { netBytes: i % 2 === 0 ? 64 : 32 }));
  const sort = { column: "net", descending: true } as const;
  const names = (rows: readonly { caller: string }[]) => rows.map(({ caller }) => caller).join("");
  const fresh = orderCallers(callers, NO_FILTER, sort);
  expect(names(fresh)).toBe("cdab");
  expect(names(sortCallers(fresh.toReversed(), sort))).toBe("cdab");
});
