/** Which task allocated what: a real boot against a count of its text, by every way of reading it; and the account's bounds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { composeTasks } from "../../src/accounting/compose-tasks.ts";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { TaskAccount, type TaskOptions } from "../../src/accounting/task-account.ts";
import { TextDecoder, type TextDecoderOptions } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { EventBatch } from "../../src/model/event-batch.ts";
import type { AccountFilter } from "../../src/model/snapshot.ts";
import { TaskTable } from "../../src/model/task-table.ts";
import { type Tasks, tasksSchema } from "../../src/model/tasks.ts";
import { SOURCE } from "../support/account.ts";
import { batchOf } from "../support/events.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/6.1-amd64-demo/trace.txt.gz");
const text = gunzipSync(readFileSync(FIXTURE)).toString("latin1");

const EVENT =
  /^ *(.{1,16})-(\d+) +\[\d+\] (\S+) +\d+\.\d+: (kmalloc|kmem_cache_alloc|kmalloc_node|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(.*?) ptr=\s*(\S+)(?:.* bytes_req=(\d+) bytes_alloc=(\d+))?/;

interface Counted {
  allocs: number;
  frees: number;
  totalBytes: number;
  netBytes: number;
  netRequestedBytes: number;
}

/** By the text alone: sums by task, and by `task site`. A forgotten name counts by its pid, as `pid`. */
function countOf(lines: string): { byTask: Map<string, Counted>; byPair: Map<string, Counted> } {
  const live = new Map<string, { keys: [string, string]; req: number; alloc: number }>();
  const byTask = new Map<string, Counted>();
  const byPair = new Map<string, Counted>();
  const of = (sums: Map<string, Counted>, key: string) => {
    const known = sums.get(key) ?? { allocs: 0, frees: 0, totalBytes: 0, netBytes: 0, netRequestedBytes: 0 };
    sums.set(key, known);
    return known;
  };
  const each = ([task, pair]: [string, string]) => [of(byTask, task), of(byPair, pair)];
  for (const line of lines.split("\n")) {
    const match = EVENT.exec(line);
    if (match === null || /^0*$/.test(match[6])) continue;
    const [, comm, pid, flags, kind, site, ptr, req, alloc] = match;
    const held = live.get(ptr);
    live.delete(ptr);
    if (held !== undefined) {
      for (const sums of each(held.keys)) {
        sums.netBytes -= held.alloc;
        sums.netRequestedBytes -= held.req;
        if (kind.includes("free")) sums.frees += 1;
      }
    }
    if (kind.includes("free")) continue;
    const task = /^..[hHsZz]/.test(flags) ? "(interrupt)" : `${comm}-${pid}`;
    const keys: [string, string] = [task, `${task} ${site}`];
    for (const sums of each(keys)) {
      sums.allocs += 1;
      sums.totalBytes += Number(alloc);
      sums.netBytes += Number(alloc);
      sums.netRequestedBytes += Number(req);
    }
    live.set(ptr, { keys, req: Number(req), alloc: Number(alloc) });
  }
  return { byTask, byPair };
}

function accountOf(
  input: string,
  { filter = "all", quick, ...options }: Partial<TaskOptions> & { quick?: TextDecoderOptions } = {},
) {
  const callSites = new CallSiteTable();
  const tasks = new TaskTable();
  const decoder = new TextDecoder(callSites, { ...quick, tasks });
  const ledger = new EventLedger(callSites, { filter });
  const account = new TaskAccount(tasks, callSites, { filter, maxObjects: 1 << 24, ...options });
  const take = (batch: EventBatch) => {
    ledger.apply(batch);
    account.apply(batch);
  };
  const bytes = Buffer.from(input, "latin1");
  for (let at = 0; at < bytes.length; at += 100_000) take(decoder.push(bytes.subarray(at, at + 100_000)));
  take(decoder.end());
  return { tasks: tasksSchema.parse(composeTasks(account)), snapshot: ledger.snapshot({ source: SOURCE }) };
}

const nameOf = ({ comm, pid }: { comm: string; pid: number | null }) => (pid === null ? comm : `${comm}-${pid}`);

const SUMS = ["allocs", "frees", "totalBytes", "netBytes", "netRequestedBytes"] as const;
const sumsOf = (row: Counted): number[] => SUMS.map((name) => row[name]);

function expectToAddUp({ tasks, snapshot }: { tasks: Tasks; snapshot: ReturnType<EventLedger["snapshot"]> }) {
  const { callSites, peakNetBytes, ...totals } = snapshot.totals;
  for (const [name, total] of Object.entries(totals)) {
    const rows = tasks.tasks as unknown as Record<string, number>[];
    expect({ name, sum: rows.reduce((sum, row) => sum + row[name], 0) }).toEqual({ name, sum: total });
  }
  expect(callSites).toBe(new Set(tasks.tasks.flatMap((row) => row.callers?.map(({ callSite }) => callSite))).size);
  expect(peakNetBytes).toBeGreaterThanOrEqual(snapshot.totals.netBytes);
  // And each caller's, over all tasks.
  for (const caller of snapshot.callers) {
    const parts = tasks.tasks.flatMap(
      (row) => row.callers?.filter(({ callSite }) => callSite === caller.callSite) ?? [],
    );
    for (const name of [...SUMS, "impliedFrees", "liveObjects", "wasteBytes"] as const)
      expect([caller.caller, name, parts.reduce((sum, row) => sum + row[name], 0)]).toEqual([
        caller.caller,
        name,
        caller[name],
      ]);
  }
}

it.each([
  ["by the way of nearly all lines", {}],
  ["by the slow way", { isQuick: false }],
] as const)("is what a count of a boot's text says, %s", (_, quick) => {
  const { tasks, snapshot } = accountOf(text, { quick });
  const { byTask, byPair } = countOf(text);
  expect(new Set([...byTask.keys()].map((name) => name.replace(/-.*/, ""))).size).toBeGreaterThan(5);
  expect(tasks.tasks.map((row) => [nameOf(row), ...sumsOf(row)]).sort()).toEqual(
    [...byTask].map(([name, sums]) => [name, ...sumsOf(sums)]).sort(),
  );
  const pairs = tasks.tasks.flatMap((task) =>
    (task.callers ?? []).map((row) => [`${nameOf(task)} ${row.callSite}`, ...sumsOf(row)]),
  );
  expect(pairs.sort()).toEqual([...byPair].map(([name, sums]) => [name, ...sumsOf(sums)]).sort());
  expectToAddUp({ tasks, snapshot });
});

it.each(["malloc", "cache"] satisfies AccountFilter[])("adds up to an account of %s alone", (filter) => {
  expectToAddUp(accountOf(text, { filter }));
});

it("gives what there is no room for to the other tasks", () => {
  const { tasks, snapshot } = accountOf(text, { maxPairs: 100 });
  const others = tasks.tasks.filter(({ comm }) => comm === "(other tasks)");
  expect(others.map(({ pid }) => pid)).toEqual([null]);
  expect(others[0].allocs).toBeGreaterThan(1000);
  expect(tasks.tasks.flatMap(({ comm, callers }) => (comm === "(other tasks)" ? [] : (callers ?? []))).length).toBe(99);
  expectToAddUp({ tasks, snapshot });
});

it("adds up where pointers are hidden, and where objects are more than are followed", () => {
  const callSites = new CallSiteTable();
  const hidden = 0n;
  const events = Array.from({ length: 60 }, (_, i) => ({
    kind: i % 4 === 3 ? ("kfree" as const) : ("kmalloc" as const),
    site: `f${String(i % 2)}+0x1/0x2`,
    ptr: i % 5 === 0 ? hidden : i % 4 === 3 ? BigInt(i - 1) : BigInt(i + 1),
    req: i % 4 === 3 ? 0 : 10 + i,
    alloc: i % 4 === 3 ? 0 : 128,
  }));
  const batch = batchOf(events, callSites);
  const task = Uint32Array.from(events, (_, i) => 3 + (i % 3));
  const tasks = new TaskTable();
  for (const pid of [1, 2, 3]) tasks.named(pid, "t");
  const options = { filter: "all", maxObjects: 20 } as const;
  const ledger = new EventLedger(callSites, options);
  const account = new TaskAccount(tasks, callSites, options);
  ledger.apply(batch);
  account.apply({ ...batch, task });
  const answer = tasksSchema.parse(composeTasks(account));
  expect(answer.tasks.map(({ pid }) => pid).sort()).toEqual([1, 2, 3]);
  expectToAddUp({ tasks: answer, snapshot: ledger.snapshot({ source: SOURCE }) });
});

describe("whose an allocation is", () => {
  const event = (head: string, ptr: number) =>
    `${head}     1.000001: kmalloc: call_site=f+0x1/0x2 ptr=${ptr.toString(16).padStart(16, "0")} bytes_req=8 bytes_alloc=8 gfp_flags=GFP_KERNEL\n`;
  const rowsOf = (...heads: string[]) =>
    Object.fromEntries(
      accountOf(heads.map((head, i) => event(head, i + 1)).join("")).tasks.tasks.map((row) => [
        nameOf(row),
        row.allocs,
      ]),
    );

  it("is nobody's whom an interrupt interrupts", () => {
    const heads = ["d....", "d.h..", "d.s1.", "..H..", ".....", "d.Z..", "dNh1."];
    expect(rowsOf(...heads.map((flags) => `              sh-101     [000] ${flags}`))).toEqual({
      "sh-101": 2,
      "(interrupt)": 5,
    });
  });

  it("is told by pid and name: another name of a pid is another task", () => {
    const head = (comm: string, pid: number) => `${comm.padStart(16)}-${String(pid).padEnd(7)} [000] .....`;
    const heads = [head("sh", 101), head("modprobe", 101), head("sh", 101), head("sh", 102), head("<idle>", 0)];
    expect(rowsOf(...heads)).toEqual({ "sh-101": 2, "modprobe-101": 1, "sh-102": 1, "<idle>-0": 1 });
  });

  it("is the pid's first name where the name came later", () => {
    const head = (comm: string) => `${comm.padStart(16)}-92      [000] .....`;
    expect(rowsOf(head("<...>"), head("<...>"), head("udevd"), head("<...>"))).toEqual({ "udevd-92": 4 });
    expect(rowsOf(head("<...>"))).toEqual({ "<...>-92": 1 });
  });

  it("is told of names with dashes, spaces and digits, whatever follows the pid", () => {
    const heads = [
      " kworker/u8:1-ev-77      [000] .....",
      "    x y-5 [001] -78      [000] .....",
      "            bash-79      (   1079) [000] d....",
      "            bash-80      [000]",
    ];
    expect(rowsOf(...heads)).toEqual({ "kworker/u8:1-ev-77": 1, "x y-5 [001] -78": 1, "bash-79": 1, "bash-80": 1 });
  });
});

it("says of no more tasks than it may which they are", () => {
  const table = new TaskTable(2);
  const ids = [5, 6, 7, 5].map((pid) => table.named(pid, "t"));
  expect(ids.map((id) => table.task(id))).toEqual([
    { pid: 5, comm: "t" },
    { pid: 6, comm: "t" },
    { pid: null, comm: "(other tasks)" },
    { pid: 5, comm: "t" },
  ]);
});

it("knows a pid by the last name that the kernel gave, until another is told", () => {
  const table = new TaskTable();
  const before = table.ofPid(7);
  table.learn(
    new Map([
      [7, "first"],
      [8, "waits"],
    ]),
  );
  expect([table.ofPid(7), table.task(before)]).toEqual([before, { pid: 7, comm: "first" }]);
  expect(table.task(table.ofPid(8))).toEqual({ pid: 8, comm: "waits" });
  table.learn(new Map([[7, "second"]]));
  expect([table.task(before).comm, table.task(table.ofPid(7)).comm]).toEqual(["first", "second"]);
  // No pid is so large, or negative: damage.
  expect([table.ofPid(1 << 23), table.ofPid(-5)].map((id) => table.task(id).comm)).toEqual(["(unknown)", "(unknown)"]);
});
