/** Readings of /proc/allocinfo: what the agent's awk makes of a real one, and what is heard of it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ObjectsBySize } from "../../src/accounting/objects-by-size.ts";
import { AllocTagReadings } from "../../src/capture/alloc-tag-readings.ts";
import { line } from "../support/agent-lines.ts";

const AGENT = readFileSync(new URL("../../agent/kmemtap-agent.sh", import.meta.url), "utf8");
const AWK = /^TAGS_AWK='\n([^']+)'/m.exec(AGENT)?.[1] ?? "";
const AWKS = [{ awk: ["awk"] }, { awk: ["busybox", "awk"] }];
const allocinfo = (end: "begin" | "last") =>
  gunzipSync(readFileSync(new URL(`../../fixtures/allocinfo-6.12-amd64/${end}.gz`, import.meta.url))).toString();

function summed(text: string, all: 0 | 1, [program, ...args]: readonly string[] = AWKS[0].awk): string[] {
  const rows = execFileSync(program, [...args, "-v", `all=${all}`, AWK], { input: text, encoding: "utf8" });
  return rows.split("\n").filter(Boolean);
}

/** As the agent says them. */
function reading(at: string, rows: readonly string[]): string[] {
  const functions = rows.reduce((sum, row) => sum + parseInt(row, 10), 0);
  return [
    `tags at=${at}`,
    ...rows.map((row) => `tag at=${at} ${row.slice(row.indexOf(" ") + 1)}`),
    `tags-done at=${at} lines=${rows.length} functions=${functions}`,
  ];
}

const eventsOf = (live: Readonly<Record<string, number>>): ObjectsBySize => ({
  sizes: new Map([[96, { live: new Map(Object.entries(live)), liveObjects: 0, olderFreed: 0, guessed: 0 }]]),
  freedTo: new Map(),
  hiddenAllocs: 0,
});

function heard(...texts: readonly string[]): AllocTagReadings {
  const readings = new AllocTagReadings();
  readings.events = () => eventsOf({});
  for (const text of texts) readings.hear(line(text));
  return readings;
}

describe.each(AWKS)("a real /proc/allocinfo, by $awk", ({ awk }) => {
  it.each([0, 1] as const)("is summed up by function, all=%i, in lines that a mark has room for", (all) => {
    const rows = summed(allocinfo("last"), all, awk);
    expect(rows.every((row) => row.length < 800)).toBe(true);
    const found = new Map(
      rows.flatMap((row) => row.split(" ").slice(1)).map((pair) => pair.split("=") as [string, string]),
    );

    const sums = new Map<string, [number, number]>();
    for (const row of allocinfo("last").split("\n")) {
      const match = /^ *(-?\d+) +(\d+) (\S+):\d+ (?:\[\S+\] )?func:(\S+)/.exec(row);
      if (match === null) continue;
      const key = `${match[3]}:${match[4]}`;
      const [objects, bytes] = sums.get(key) ?? [0, 0];
      sums.set(key, [objects + Number(match[2]), bytes + Number(match[1])]);
    }
    const wanted = [...sums].filter(([, [objects, bytes]]) => all === 1 || objects !== 0 || bytes !== 0);
    expect(wanted.length).toBeGreaterThan(100);
    expect(found).toEqual(new Map(wanted.map(([key, figures]) => [key, figures.join(",")])));
  });
});

it("lines with a module, and of later versions, are read, others left out", () => {
  const text = "allocinfo - version: 2.0\n#     <size>  <calls> <tag info>\n";
  const rows = `${text}   4096 1 fs/ext4/super.c:1 [ext4] func:ext4_x accurate:no\n -96 0 mm/a.c:2 func:a \n 1 1 junk\n`;
  expect(summed(rows, 0)[0].split(" ").sort()).toEqual(["2", "fs/ext4/super.c:ext4_x=1,4096", "mm/a.c:a=0,-96"]);
});

describe("readings of it", () => {
  const BEGIN = reading("begin", summed(allocinfo("begin"), 0));
  const LAST = reading("last", summed(allocinfo("last"), 1));

  it("are compared", () => {
    const counts = heard(...BEGIN, ...LAST).counts;
    const inodes = counts?.functions.find(({ name }) => name === "shmem_alloc_inode");
    expect(inodes).toMatchObject({ countedBy: "kernel", files: ["mm/shmem.c"], eventObjects: 0 });
    expect(inodes?.kernelObjects).toBeGreaterThanOrEqual(100);
  });

  it.each([0, 1, BEGIN.length - 1])("are not used without line %i", (gone) => {
    expect(heard(...BEGIN.filter((_, i) => i !== gone), ...LAST).counts).toBeUndefined();
  });

  it("are not used after a gap, or where a figure does not read", () => {
    const readings = heard(...BEGIN, ...LAST);
    readings.restart();
    expect(readings.counts).toBeUndefined();
    const damaged = heard(...reading("begin", ["1 a.c:a=x,1"]), ...LAST);
    expect(damaged.counts).toBeUndefined();
    expect(damaged.findings).toHaveLength(1);
  });

  it.each([
    ["off", "vm.mem_profiling=1"],
    ["no-awk", "no awk"],
  ])("that are not there say why: %s", (reason, words) => {
    expect(heard(`tags-none at=begin reason=${reason}`).findings).toEqual([expect.stringContaining(words)]);
  });
});
