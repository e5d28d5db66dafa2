/** Callers put together: no byte is lost on the way, whatever they are put together by. */
import { expect, it } from "vitest";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { formatAccountFile } from "../../src/report/account-file.ts";
import { GROUP_BY, groupsOf } from "../../src/report/groups.ts";
import { branchOf } from "../../src/report/branch.ts";
import { accountOf, accountOfLines } from "../support/account.ts";
import { readFixture } from "../support/recordings.ts";
import { alloc, free, head } from "../support/trace-text.ts";

const FILES: Readonly<Record<string, string>> = {
  "a+0x1/0x9": "fs/ext4/inode.c",
  "a+0x5/0x9": "fs/ext4/inode.c",
  "b+0x1/0x9": "fs/ext4/dir.c",
  "c+0x1/0x9": "fs/inode.c",
};

function account(): Snapshot {
  const sites = [...Object.keys(FILES), "d+0x1/0x9 [mod]"];
  const lines = sites.flatMap((site, i) => [
    head() + alloc({ site, ptr: `00000000000000${String(10 + i)}`, req: 100 * (i + 1), alloc: 128 * (i + 1) }),
    head() + alloc({ site, ptr: `00000000000000${String(50 + i)}`, req: 8, alloc: 8 }),
    head() + free({ ptr: `00000000000000${String(50 + i)}` }),
  ]);
  const snapshot = accountOfLines(lines);
  const callers = snapshot.callers.map((row) => {
    const file = new Map(Object.entries(FILES)).get(row.callSite);
    return file === undefined ? row : { ...row, source: { file, line: null, function: null, module: null, chain: [] } };
  });
  return { ...snapshot, callers };
}

const rows = (by: (typeof GROUP_BY)[number], depth?: number) =>
  groupsOf(account(), by, depth).groups.map(({ name, netBytes }) => `${name} ${String(netBytes / 128)}`);

it("is by directory, file, module or function", () => {
  expect(rows("directory")).toEqual(["fs/ext4 6", "[mod] 5", "fs 4"]);
  expect(rows("directory", 1)).toEqual(["fs 10", "[mod] 5"]);
  expect(rows("file")).toEqual(["[mod] 5", "fs/inode.c 4", "fs/ext4/dir.c 3", "fs/ext4/inode.c 3"]);
  expect(rows("file", 2)).toEqual(["fs/ext4 6", "[mod] 5", "fs/inode.c 4"]);
  expect(rows("module")).toEqual(["vmlinux 10", "[mod] 5"]);
  expect(rows("function")).toEqual(["d [mod] 5", "c 4", "a 3", "b 3"]);
});

it.each(GROUP_BY)("adds up to the account: by %s", (by) => {
  for (const whole of [accountOf(readFixture("6.1-amd64").text), account()])
    for (const snapshot of [whole, branchOf(account(), ["fs", "ext4"])])
      for (const depth of [undefined, 1]) {
        const { groups } = groupsOf(snapshot, by, depth);
        const names = [
          "netBytes",
          "totalBytes",
          "wasteBytes",
          "liveObjects",
          "allocs",
          "frees",
          "impliedFrees",
        ] as const;
        for (const name of names)
          expect(groups.reduce((sum, group) => sum + group[name], 0)).toBe(snapshot.totals[name]);
      }
});

it("is a table in the order that was asked for", () => {
  const snapshot = { ...account(), groups: groupsOf(account(), "directory") };
  const text = formatAccountFile(snapshot, "waste", { top: 2 });
  expect(text.split("\n").slice(7)).toEqual([
    "   total    waste      net  objects alloc/free  directory",
    "---------------------------------------------",
    "     792      168      768        3     6/3     fs/ext4",
    "     648      140      640        1     2/1     [mod]",
    "  … and 1 more",
    "",
  ]);
});

it("explains the directory of files of which only the name is known, where it is listed", () => {
  const note = "\n\n?: files of which only the name is known, not the directory\n";
  const grouped = { ...account(), groups: groupsOf(account(), "directory") };
  expect(formatAccountFile(grouped, "current_dynamic")).not.toContain(note);
  const callers = grouped.callers.map((row) =>
    row.source === undefined ? row : { ...row, source: { ...row.source, file: "?/inode.c" } },
  );
  for (const by of ["directory", "file"] as const) {
    const unknown = { ...grouped, callers, groups: groupsOf({ ...grouped, callers }, by) };
    expect(formatAccountFile(unknown, "current_dynamic").endsWith(note)).toBe(true);
  }
});

it("marks a group with what may be gone of its callers, and no other", () => {
  const whole = account();
  const callers = whole.callers.map((row) =>
    row.callSite.startsWith("a+") ? { ...row, doubtfulObjects: 1, doubtfulBytes: 8 } : row,
  );
  const groups = groupsOf({ callers }, "directory");
  expect(groups.groups.map(({ name, doubtfulObjects }) => [name, doubtfulObjects])).toEqual([
    ["fs/ext4", 2],
    ["[mod]", undefined],
    ["fs", undefined],
  ]);
  const text = formatAccountFile({ ...whole, callers, groups }, "current_dynamic", { unseenFrees: true });
  expect(text.match(/^.*gone.*$/gm)).toEqual([
    "allocated, may be gone:          16",
    expect.stringMatching(/ fs\/ext4 {2}\(up to 2 of 3 gone\)$/),
  ]);
});
