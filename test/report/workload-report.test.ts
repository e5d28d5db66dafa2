/** The terminal's view of a workload, as a golden file, and what does not fit into one. */
import { expect, it } from "vitest";
import { WorkloadAccount } from "../../src/capture/workload-account.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import type { LossMark } from "../../src/model/event-batch.ts";
import type { WorkloadScope } from "../../src/model/workload.ts";
import { formatWorkload } from "../../src/report/workload-report.ts";
import { SOURCE } from "../support/account.ts";
import { batchOf, type TestEvent } from "../support/events.ts";

interface Options {
  readonly rounds: number;
  readonly scope?: WorkloadScope;
  readonly addresses?: number;
  /** Where objects are, as pointers are numbered here; the kernel aligns them, and its hashes are not. */
  readonly address?: (nth: number) => bigint;
  readonly losses?: readonly LossMark[];
  /** Without the end of its last phase. */
  readonly interrupted?: boolean;
}

const LONG =
  "a_function_whose_name_is_much_longer_than_any_that_a_terminal_has_room_for.constprop.0.isra.0+0x1234/0x5678 [vfat]";

/** A driver that is loaded, mounts and goes: it leaks 3 objects a round, the first mount fills a cache. */
function workload({
  rounds,
  scope = "system",
  addresses = 0,
  address = (nth) => BigInt(nth) * 8n,
  losses = [],
  interrupted = false,
}: Options) {
  const callSites = new CallSiteTable();
  const account = new WorkloadAccount(callSites);
  let timeNs = 5e9;
  const apply = (...events: TestEvent[]) => {
    timeNs += 1e7;
    account.apply(
      batchOf(
        events.map((event) => ({ ...event, timeNs })),
        callSites,
      ),
      () => undefined,
    );
  };
  const alloc = (site: string, ptr: number, bytes: number): TestEvent => ({
    kind: "kmalloc",
    site,
    ptr: address(ptr),
    req: bytes - 8,
    alloc: bytes,
  });
  const free = (ptr: number): TestEvent => ({ kind: "kfree", site: "f", ptr: address(ptr) });
  for (let round = 1; round <= rounds; round++) {
    const base = round * 0x1000;
    account.begin("load", "modprobe vfat", round, timeNs);
    apply(
      ...[1, 2, 3].map((i) => alloc("vfat_leak+0xa3/0xc70 [vfat]", base + i, 1024)),
      alloc("fat_cache_init+0x20/0x40 [fat]", base + 4, 4096),
      alloc(LONG, base + 5, 96),
      alloc("mas_alloc_nodes+0x6f/0x110", base + 6, 256),
    );
    account.addOutput("load", round, "insmod /lib/modules/fat.ko\ninsmod /lib/modules/\u001b[1mvfat.ko\u001b[0m\n");
    account.end(0);
    account.begin(
      "mount",
      "mount -t vfat -o loop /tmp/a-rather-long-path-to-an-image/that-is/not-short/disk.img /mnt",
      round,
      timeNs,
    );
    if (round === 1) apply(alloc("__d_alloc+0x29/0x1a0", base + 7, 192), alloc("__d_alloc+0x29/0x1a0", base + 8, 192));
    if (round === 2) apply(alloc("cron_thing+0x1/0x2", base + 9, 64));
    apply(alloc("a_reused+0x1/0x20", 0x77, 32), free(0x999));
    if (round === 2) account.addOutput("mount", round, "mount: /mnt: already mounted\n");
    account.end(round === 2 ? 32 : 0);
    account.begin("unload", "rmmod vfat fat", round, timeNs);
    apply(free(base + 4), free(base + 5), free(0x77));
    if (interrupted && round === rounds) continue;
    account.end(0);
  }
  account.apply(batchOf([], callSites, losses), () => undefined);
  return account.result({ target: "qemu:", scope, addresses, snapshot: account.snapshot({ source: SOURCE }) });
}

it.each<[string, Options]>([
  ["one-round", { rounds: 1, addresses: 3 }],
  ["five-rounds", { rounds: 5 }],
  ["not-exact", { rounds: 3, losses: [{ cpu: 1, events: 157, timeNs: 0 }], interrupted: true, scope: "process" }],
])("%s", async (name, options) => {
  const text = formatWorkload(workload(options), { top: 4 });
  await expect(text).toMatchFileSnapshot(`workload-report.${name}.txt`);
  for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
});

it("has figures that add up: phases to their round, what phases and rounds left behind to the residue", () => {
  const text = formatWorkload(workload({ rounds: 5 }));
  const [phases, repeat] = text.split("\nrepeat: ");
  const figures = (part: string, row: RegExp) => [...part.matchAll(row)].map((match) => match.slice(1).map(Number));
  const sums = new Map<number, number[]>();
  const ofPhases = /^ +(\d) +\d+ +[\d.]+s +\d+ +\d+ +(-?\d+) {2}(?:nothing|(\d+) objects?, (\d+) bytes)$/gm;
  for (const [round, ...rest] of figures(phases, ofPhases)) {
    const before = sums.get(round) ?? [0, 0, 0];
    sums.set(
      round,
      rest.map((figure, i) => (figure || 0) + before[i]),
    );
  }
  const ofRounds = figures(repeat, /^ +(\d) +(-?\d+) +-?\d+ {2}(\d+) objects?, (\d+) bytes$/gm);
  expect(ofRounds).toHaveLength(5);
  // Nothing happens in the pauses of this one.
  expect([...sums].map(([round, of]) => [round, ...of])).toEqual(ofRounds);
  const left = (at: number) => ofRounds.reduce((sum, figure) => sum + figure[at], 0);
  expect(text).toContain(
    `residue: of what the workload allocated, ${left(2)} objects and ${left(3)} bytes are still there`,
  );
});

it("says that hashes are no addresses", () => {
  const options = { rounds: 1, addresses: 3 };
  expect(formatWorkload(workload(options))).not.toContain("hashes");
  expect(formatWorkload(workload({ ...options, address: BigInt }))).toContain("hashes of them (%p)");
});

it("shows the output of every command where asked, and nothing that moves the cursor", () => {
  const text = formatWorkload(workload({ rounds: 1 }), { output: true });
  expect(text).toContain("  | insmod /lib/modules/fat.ko\n  | insmod /lib/modules/vfat.ko\n");
  expect(formatWorkload(workload({ rounds: 1 }))).not.toContain("insmod");
});

it("keeps the offset and the module of a name that is cut", () => {
  expect(formatWorkload(workload({ rounds: 1 }))).toMatch(/a_function_whose_name\w+…\+0x1234 \[vfat\]$/m);
});

it("says so when nothing is left", () => {
  const callSites = new CallSiteTable();
  const account = new WorkloadAccount(callSites);
  account.begin("work", "true", 1);
  account.end(0);
  const result = account.result({ target: "local:", scope: "system", snapshot: account.snapshot({ source: SOURCE }) });
  expect(formatWorkload(result)).toContain("residue: nothing that the workload allocated is still there\n");
});

it("says what is kmemtap's own, in a capture of the workload's processes alone", () => {
  const reported = (scope: WorkloadScope) => {
    const callSites = new CallSiteTable();
    const account = new WorkloadAccount(callSites);
    for (let round = 1; round <= 5; round++) {
      account.begin("work", "true", round, round * 1e9);
      const event = {
        kind: "kmalloc",
        site: "trace_pid_list_alloc+0x2d/0x120",
        ptr: BigInt(round),
        req: 4096,
        alloc: 4096,
      } as const;
      account.apply(batchOf([event], callSites), () => undefined);
      account.end(0, round * 1e9 + 1e8);
    }
    return account.result({ target: "local:", scope, snapshot: account.snapshot({ source: SOURCE }) });
  };
  const own = reported("process");
  expect(own.residue.callers).toMatchObject([{ objects: 5, marks: ["own"] }]);
  expect(own.repeat).toMatchObject({ growing: [], verdict: "clean" });
  const text = formatWorkload(own);
  expect(text).toMatch(/ 1\/0 {5}trace_pid_list_alloc\+0x2d {2}\(kmemtap's own\)$/m);
  expect(text).toMatch(/ {2}5 {4}20480 .*trace_pid_list_alloc\+0x2d {2}\(kmemtap's own\)$/m);
  expect(reported("system").repeat?.growing).toMatchObject([{ verdict: "leak" }]);
});

it("has no row that says leak where the verdict does not", () => {
  const { repeat } = workload({ rounds: 5 });
  expect(repeat?.growing.some(({ verdict }) => verdict === "leak")).toBe(true);
  for (const options of [{ scope: "process" as const }, { losses: [{ cpu: 1, events: 1, timeNs: 0 }] }]) {
    const other = workload({ rounds: 5, ...options }).repeat;
    expect(other?.verdict).toBe("unsafe");
    expect(other?.growing.filter(({ verdict }) => verdict === "leak")).toEqual([]);
    expect(other?.growing[0]).toMatchObject({ callSite: repeat?.growing[0].callSite, verdict: "unsteady" });
  }
});
