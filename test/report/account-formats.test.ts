/** The files that scripts of twelve years read, to the byte. Every figure below was computed by hand. */
import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { formatAccountFile } from "../../src/report/account-file.ts";
import { formatCallersFile } from "../../src/report/callers-file.ts";
import { formatSlabAccount } from "../../src/report/slab-account.ts";
import { SOURCE } from "../support/account.ts";
import { ledgerOf, type TestEvent } from "../support/events.ts";

const BIG = 123_456_789;
const EVENTS: TestEvent[] = [
  { kind: "kmalloc", ptr: 1n, site: "tty_open+0x58/0x6e0", req: 30, alloc: 32 },
  { kind: "kmalloc", ptr: 2n, site: "tty_open+0x58/0x6e0", req: 30, alloc: 32 },
  { kind: "cacheAlloc", ptr: 3n, site: "fat_alloc_inode+0x1b/0x40 [fat]", req: 700, alloc: 704 },
  { kind: "kmalloc", ptr: 4n, site: "c104deff", req: 100, alloc: 128 },
  { kind: "kfree", ptr: 1n, site: "tty_release+0x1/0x90" },
  { kind: "kfree", ptr: 4n, site: "tty_open+0x58/0x6e0" },
  { kind: "kfree", ptr: 9n, site: "tty_release+0x1/0x90" },
];
const ledger = ledgerOf([EVENTS]);
const snapshot = ledger.snapshot({ source: SOURCE });

const wide = ledgerOf([
  [
    ...Array.from({ length: 100_001 }, (_, i): TestEvent => ({
      kind: "kmalloc",
      ptr: BigInt(i % 2) + 1n,
      site: "busy+0x1/0x2",
      req: 1,
      alloc: 8,
    })),
    ...Array.from({ length: 2 }, (_, i): TestEvent => ({ kind: "kfree", ptr: BigInt(i) + 1n, site: "busy+0x1/0x2" })),
    { kind: "kmalloc", ptr: 5n, site: `${"long_symbol_".repeat(6)}+0x1/0x2`, req: 1, alloc: BIG },
  ],
]);

describe("the account file", () => {
  it("has trace_analyze's layout", () => {
    expect(formatAccountFile(snapshot, "current_dynamic")).toBe(
      [
        "current bytes allocated:        736",
        "current bytes requested:        730",
        "current wasted bytes:             6",
        "number of allocs:                 4",
        "number of frees:                  2",
        "number of callers:                3",
        "",
        "   total    waste      net alloc/free  caller",
        "---------------------------------------------",
        "     704        4      704     1/0     fat_alloc_inode+0x1b [fat]",
        "      64        2       32     2/1     tty_open+0x58",
        "     128        0        0     1/1     c104deff",
        "",
      ].join("\n"),
    );
  });

  it("says implied frees behind the caller where people read it, and never to scripts", () => {
    const account = wide.snapshot({ source: SOURCE });
    const [{ impliedFrees }] = account.callers.filter(({ caller }) => caller === "busy+0x1");
    const text = formatAccountFile(account, "current_dynamic", { unseenFrees: true });
    expect(impliedFrees).toBe(99_999);
    expect(text).toMatch(/ 100001\/2 {5}busy\+0x1 {2}\(99999 implied frees\)$/m);
    expect(text.match(/implied/g)).toHaveLength(1);
    expect(formatAccountFile(account, "current_dynamic")).not.toContain("implied");
  });

  it("says what may be gone behind the caller and in one line below the head, and never to scripts", () => {
    const callers = snapshot.callers.map((row) =>
      row.caller === "tty_open+0x58" ? { ...row, doubtfulObjects: 1, doubtfulBytes: 32 } : row,
    );
    const marked = { ...snapshot, callers };
    const [plain, shown] = [{}, { unseenFrees: true }].map((extras) =>
      formatAccountFile(marked, "current_dynamic", extras).split("\n"),
    );
    expect(plain).toEqual(formatAccountFile(snapshot, "current_dynamic").split("\n"));
    expect(shown.slice(0, 6)).toEqual(plain.slice(0, 6));
    expect(shown.slice(6, 8)).toEqual(["allocated, may be gone:          32", ""]);
    expect(shown).toContain("      64        2       32     2/1     tty_open+0x58  (up to 1 of 1 gone)");
    expect(shown.filter((line) => line.includes("gone"))).toHaveLength(2);
  });

  it("takes of callers that share a size no more for gone than the slabs lack", () => {
    const callers = snapshot.callers.map((row) => ({ ...row, doubtfulObjects: 1, doubtfulBytes: 32 }));
    const slabs = { exactSlabs: false, hiddenFrees: 1, hiddenBytes: 32, unknownFrees: 0, hiddenAllocs: 0, groups: [] };
    const lines = (account: Snapshot) => formatAccountFile(account, "current_dynamic", { unseenFrees: true });
    expect(lines({ ...snapshot, callers, reconciliation: slabs })).toContain("may be gone:          32\n");
    expect(lines({ ...snapshot, callers })).toContain("may be gone:          96\n");
    expect(lines(snapshot)).not.toContain("gone");
  });

  it("lets columns that are too narrow push the others, as %8d does", () => {
    const text = formatAccountFile(wide.snapshot({ source: SOURCE }), "current_dynamic");
    expect(text.split("\n").slice(-3)).toEqual([
      `123456789 123456788 123456789     1/0     ${"long_symbol_".repeat(6)}+0x1`,
      "  800008        0        0 100001/2     busy+0x1",
      "",
    ]);
  });

  it("of nothing is its head", () => {
    const text = formatAccountFile(ledgerOf([]).snapshot({ source: SOURCE }), "current_dynamic");
    expect(text.split("\n").length).toBe(10);
    expect(text.endsWith(`${"-".repeat(45)}\n`)).toBe(true);
  });
});

describe("the callers file", () => {
  it("has caller, net, waste and an empty directory, each left-aligned", () => {
    expect(formatCallersFile(snapshot, "current_dynamic")).toBe(
      [
        `fat_alloc_inode+0x1b [fat]${" ".repeat(34)} 704      4${" ".repeat(16)}`,
        `tty_open+0x58${" ".repeat(47)} 32       2${" ".repeat(16)}`,
        `c104deff${" ".repeat(52)} 0        0${" ".repeat(16)}`,
        "",
      ].join("\n"),
    );
  });
});

describe("slab_account", () => {
  it("is cumulative, with each free at the caller that freed; a caller that only frees has a row", () => {
    expect(formatSlabAccount(snapshot, ledger.freeingCallSites(), "total_dynamic")).toBe(
      [
        "total bytes allocated:      896",
        "total bytes requested:      860",
        "slack bytes allocated:       36",
        "number of allocs:             4",
        "number of frees:              3",
        "number of callers:            4",
        "",
        "   total    slack      req alloc/free  caller",
        "     704        4      700     1/0     fat_alloc_inode+0x1b [fat]",
        "     128       28      100     1/0     c104deff",
        "      64        4       60     2/1     tty_open+0x58",
        "       0        0        0     0/2     tty_release+0x1",
        "",
      ].join("\n"),
    );
  });

  it("follows the order asked for", () => {
    const callers = (order: "alloc_count" | "free_count" | "waste") =>
      formatSlabAccount(snapshot, ledger.freeingCallSites(), order)
        .trimEnd()
        .split("\n")
        .slice(8)
        .map((row) => row.slice(39));
    expect(callers("alloc_count")[0]).toBe("tty_open+0x58");
    expect(callers("free_count")[0]).toBe("tty_release+0x1");
    // 28 bytes slack, then two of 4: ties by caller.
    expect(callers("waste")).toEqual(["c104deff", "fat_alloc_inode+0x1b [fat]", "tty_open+0x58", "tty_release+0x1"]);
  });
});
