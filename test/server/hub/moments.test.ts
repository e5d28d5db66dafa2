import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { composeTasks } from "../../../src/accounting/compose-tasks.ts";
import { StackAccount } from "../../../src/accounting/stack-account.ts";
import { TaskAccount } from "../../../src/accounting/task-account.ts";
import { CallSiteTable } from "../../../src/model/call-site-table.ts";
import { StackTable } from "../../../src/model/stack-table.ts";
import { TaskTable } from "../../../src/model/task-table.ts";
import { serverMessageSchema } from "../../../src/model/wire.ts";
import { windowOf } from "../../../src/server/api/window.ts";
import { FIGURES, Moments, netOf } from "../../../src/server/hub/moments.ts";
import { SeriesBoard } from "../../../src/server/hub/series.ts";
import { TargetHub } from "../../../src/server/hub/target-hub.ts";
import { row } from "../../dashboard/make.ts";
import { batchOf, type TestEvent } from "../../support/events.ts";
import { allocation, updateOf } from "../../support/live-update.ts";
import { ViewerSocket } from "../../support/viewer-socket.ts";

describe("moments of a run", () => {
  it("are bounded however long it is, spread over all of it, the first and the last among them", () => {
    const moments = new Moments({ moments: 50, bytes: Infinity });
    for (let i = 0; i <= 10_000; i++) moments.take(i * 0.2, [row("a", { netBytes: i })]);
    const times = moments.all.map(({ time }) => time);
    expect(times.length).toBeGreaterThan(20);
    expect(times.length).toBeLessThanOrEqual(50);
    expect(times[0]).toBe(0);
    const gaps = times.slice(1).map((time, i) => time - times[i]);
    expect(Math.max(...gaps)).toBeLessThan(2000 / 20);
    expect(2000 - times[times.length - 1]).toBeLessThan(2000 / 20);
    for (const moment of moments.all) expect(netOf(moment, 0)).toBe(Math.round(moment.time / 0.2));
  });

  it("are bounded in bytes however many callers there are", () => {
    const moments = new Moments({ moments: 300, bytes: 1_000_000 });
    for (let i = 0; i < 400; i++)
      moments.take(
        i,
        Array.from({ length: 50 * i }, (_, n) => row(`site_${n}`)),
      );
    expect(moments.bytes).toBeLessThan(1_000_000);
    expect(moments.all.length).toBeGreaterThanOrEqual(2);
  });
});

describe("a window", () => {
  const events = fc.array(fc.record({ site: fc.constantFrom("a", "b", "c"), free: fc.boolean() }), { maxLength: 40 });

  it("and the next one add up to both, and all of them to the account", () => {
    fc.assert(
      fc.property(events, fc.array(fc.integer({ min: 0, max: 41 }), { minLength: 1, maxLength: 4 }), (steps, cuts) => {
        const hub = new TargetHub("target", "test");
        const happened: Parameters<typeof updateOf>[0][number][] = [];
        const history: [number, number, number, number][] = [];
        [...steps, { site: "a", free: false }].forEach(({ site, free }, i) => {
          happened.push(
            free
              ? { kind: "kfree", ptr: BigInt(Math.max(1, i - 2)), site: "freer" }
              : { ...allocation(site, i + 1), alloc: 64 * (i + 1) },
          );
          history.push([i + 1, i, i, i]);
          hub.publish(updateOf(happened, { history: [...history] }));
        });
        const times = [0, ...cuts, 42].sort((a, b) => a - b);
        const sums = new Map<string, number[]>();
        times.slice(1).forEach((to, i) => {
          for (const { callSite, ...figures } of windowOf(hub, { from: times[i], to })?.callers ?? []) {
            const sum = sums.get(callSite) ?? [0, 0, 0, 0, 0];
            sums.set(
              callSite,
              sum.map((value, n) => value + figures[FIGURES[n]]),
            );
          }
        });
        const callers = hub.latest?.snapshot.callers ?? [];
        const account = callers.map((one) => [one.callSite, FIGURES.map((figure) => one[figure])] as const);
        expect(sums).toEqual(new Map(account));
        expect(windowOf(hub, {})?.totals).toMatchObject({ netBytes: hub.latest?.snapshot.totals.netBytes });
      }),
      { numRuns: 60 },
    );
  });

  it("says which moments it is of, and that nothing happened in none", () => {
    const hub = new TargetHub("target", "test");
    expect(windowOf(hub, {})).toBeUndefined();
    hub.publish(updateOf([allocation("a", 1)], { history: [[10, 64, 60, 1]] }));
    hub.publish(updateOf([allocation("a", 1), allocation("b", 2)], { history: [[10, 64, 60, 1], [20, 128, 120, 2]] })); // prettier-ignore
    expect(windowOf(hub, { from: 11, to: 19 })).toMatchObject({
      from: { asked: 11, used: 10 },
      to: { asked: 19, used: 20 },
      totals: { netBytes: 64, allocs: 1 },
      callers: [{ callSite: "b", netBytes: 64, totalBytes: 64, allocs: 1, frees: 0 }],
    });
    expect(windowOf(hub, { from: 9, to: 10 })?.callers).toEqual([]);
  });
});

describe("a window by task", () => {
  const events = fc.array(
    fc.record({ task: fc.constantFrom(3, 4, 5), site: fc.constantFrom("a b", "c"), free: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );

  it("has of every task what it allocated between the moments, and all tasks together what their callers have", () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 41 }), (steps, cut) => {
        const hub = new TargetHub("target", "test");
        const [callSites, table] = [new CallSiteTable(), new TaskTable()];
        const ids = new Map([3, 4, 5].map((pid) => [pid, table.named(pid, `task ${String(pid)}`)]));
        const account = new TaskAccount(table, callSites, { filter: "all", maxObjects: 1000 });
        const happened: TestEvent[] = [];
        const history: [number, number, number, number][] = [];
        steps.forEach(({ task, site, free }, i) => {
          const event: TestEvent = free
            ? { kind: "kfree", ptr: BigInt(Math.max(1, i - 2)), site: "freer" }
            : { ...allocation(site, i + 1), alloc: 64 * (i + 1) };
          happened.push(event);
          const batch = batchOf([event], callSites);
          account.apply({ ...batch, task: new Uint32Array([ids.get(task) ?? 0]) });
          const tasks = composeTasks(account);
          history.push([i + 1, i, i, i]);
          hub.publish({ ...updateOf(happened, { history: [...history] }), tasks: () => tasks });
        });
        const windows = [{ to: cut }, { from: cut }];
        const sums = new Map<string, number>();
        for (const window of windows) {
          const { tasks = [], totals } = windowOf(hub, { ...window, by: "task" }) ?? {};
          expect(totals).toEqual(windowOf(hub, window)?.totals);
          for (const { id, netBytes, comm } of tasks) {
            sums.set(comm, (sums.get(comm) ?? 0) + netBytes);
            const one = windowOf(hub, { ...window, task: String(id) });
            expect(one?.totals.netBytes).toBe(netBytes);
            for (const { callSite } of one?.callers ?? []) expect(["a b", "c"]).toContain(callSite);
          }
        }
        const whole = hub.latest?.tasks?.()?.tasks ?? [];
        const held = whole.map(({ comm, netBytes }) => [comm, netBytes] as const);
        expect(sums).toEqual(new Map(held));
      }),
      { numRuns: 60 },
    );
  });
});

describe("a window by stack", () => {
  /** An account of allocations and frees, all by one call site through several callers, published after so many of them. */
  function played(steps: readonly { readonly way: number; readonly free: boolean }[], every = 1) {
    const hub = new TargetHub("target", "test");
    const callSites = new CallSiteTable();
    const table = new StackTable(callSites);
    const frames = (way: number) => ["alloc+0x1/0x2", `way_${String(way)}+0x1/0x2`].map((text) => callSites.idOf(text));
    const account = new StackAccount(callSites, table, { filter: "all", maxObjects: 100_000 });
    const happened: TestEvent[] = [];
    const history: [number, number, number, number][] = [];
    const publish = (time: number) => {
      const stacks = { sums: account.sums(), nameOf: (id: number) => account.nameOf(id) };
      history.push([time, 0, 0, 0]);
      hub.publish({ ...updateOf(happened, { history: [...history] }), stacks: () => stacks });
    };
    steps.forEach(({ way, free }, i) => {
      const event: TestEvent = free
        ? { kind: "kfree", ptr: BigInt(Math.max(1, i - 2)), site: "freer" }
        : { ...allocation("alloc+0x1/0x2", i + 1), alloc: 64 * (i + 1) };
      happened.push(event);
      const stack = free ? 0 : table.add(frames(way), 0).id;
      account.apply({ ...batchOf([event], callSites), stack: new Uint32Array([stack]) });
      if ((i + 1) % every === 0) publish(i + 1);
    });
    return { hub, account };
  }
  const steps = fc.array(fc.record({ way: fc.integer({ min: 0, max: 3 }), free: fc.boolean() }), { maxLength: 40 });

  it("and the next one add up to what the stacks came to, and in each all stacks to their callers", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 41 }), (some, cut) => {
        const { hub, account } = played([{ way: 0, free: false }, ...some]);
        const sums = new Map<string, number[]>();
        for (const window of [{ to: cut }, { from: cut }]) {
          const { stacks = [], stacksBeyond, totals, callers } = windowOf(hub, { ...window, by: "stack" }) ?? {};
          expect([callers, stacksBeyond?.stacks]).toEqual([[], 0]);
          expect(totals).toEqual(windowOf(hub, window)?.totals);
          for (const { frames, caller, ...figures } of stacks) {
            expect(caller).toBe("alloc+0x1");
            const before = sums.get(frames.join()) ?? [0, 0, 0, 0, 0];
            const change = FIGURES.map((figure) => figures[figure]);
            sums.set(frames.join(), before.map((value, i) => value + change[i])); // prettier-ignore
          }
        }
        const whole = account
          .sums()
          .map((one) => [account.nameOf(one.id).frames.join(), FIGURES.map((figure) => one[figure])]);
        expect(sums).toEqual(new Map(whole as [string, number[]][]));
      }),
      { numRuns: 60 },
    );
  });

  it("lists those that changed the most, up or down, by the figure that is asked for, and adds up the others", () => {
    const allocations = Array.from({ length: 1200 }, (_, way) => ({ way, free: false }));
    const { hub } = played([...allocations, ...Array.from({ length: 6 }, () => ({ way: 0, free: true }))], 6);
    const query = { from: 0, to: 1200, by: "stack" } as const;
    const { stacks = [], stacksBeyond, totals } = windowOf(hub, query) ?? {};
    expect(stacks).toHaveLength(1000);
    expect(stacks[0].frames[1]).toBe("way_1199+0x1/0x2");
    const listed = stacks.reduce((sum, { netBytes }) => sum + netBytes, 0);
    expect(stacksBeyond).toMatchObject({ stacks: 200, allocs: 200, netBytes: (totals?.netBytes ?? 0) - listed });
    expect(stacksBeyond?.netBytes).toBe(64 * ((200 * 201) / 2));
    const fell = windowOf(hub, { ...query, from: 1200, to: 1206 })?.stacks ?? [];
    expect(fell.length).toBeGreaterThan(2);
    for (const { netBytes, frees } of fell) expect([Math.sign(netBytes), frees]).toEqual([-1, 1]);
    const byFrees = windowOf(hub, { by: "stack", order: "frees" })?.stacks ?? [];
    expect(byFrees.slice(0, fell.length).map(({ frees }) => frees)).toEqual(fell.map(() => 1));
  });

  it("is refused where no stack was taken, and of a task", () => {
    const hub = new TargetHub("target", "test");
    hub.publish({ ...updateOf([allocation("a", 1)], { history: [[1, 1, 1, 1]] }), stacks: () => undefined });
    expect(() => windowOf(hub, { by: "stack" })).toThrow("no stack was taken");
    expect(() => windowOf(hub, { by: "stack", comm: "sh" })).toThrow("which task's");
  });
});

describe("the series", () => {
  const play = (messages: ViewerSocket) => {
    let series: unknown = { times: [], callers: [], directories: [] };
    for (const message of messages.ofTarget) {
      const before = structuredClone(series) as {
        times: number[];
        callers: { net: number[] }[];
        directories: { net: number[] }[];
      };
      if (message.series !== undefined) series = message.series;
      else if (message.type === "changes") {
        for (const [time, ...nets] of message.seriesPoints) {
          before.times.push(time);
          [...before.callers, ...before.directories].forEach(({ net }, i) => net.push(nets[i]));
        }
        series = before;
      }
    }
    return series;
  };

  it("is the same for who follows it as for who comes late, by callers and by where they are", () => {
    const hub = new TargetHub("target", "test");
    const early = new ViewerSocket();
    hub.subscribe(early, { view: { order: "netBytes" }, paceMs: 0 });
    const events = Array.from({ length: 400 }, (_, i) =>
      allocation(`f${i % 40}+0x1/0x2${i % 3 === 0 ? " [fat]" : ""}`, i + 1),
    );
    for (let i = 1; i <= 400; i++) {
      if (i % 10 === 0) hub.publish(updateOf(events.slice(0, i), { history: [[i, 64 * i, 60 * i, i]] }));
    }
    const late = new ViewerSocket();
    hub.subscribe(late, { view: { order: "netBytes" }, paceMs: 0 });
    expect(play(late)).toEqual(play(early));
    const { series } = late.ofTarget[0] as {
      series: { times: number[]; callers: object[]; directories: { name: string; net: number[] }[] };
    };
    expect(series.times).toHaveLength(40);
    expect(series.callers).toHaveLength(24);
    expect(series.directories.map(({ name }) => name).sort()).toEqual(["[fat]", "built-in"]);
    // Together the directories are all there is.
    expect(series.directories[0].net.map((net, i) => net + series.directories[1].net[i])).toEqual(
      series.times.map((time) => 64 * time),
    );
    for (const message of early.messages) expect(serverMessageSchema.safeParse(message).success).toBe(true);
  });

  it("moves a caller to its directory when that becomes known", () => {
    const moments = new Moments();
    const board = new SeriesBoard(moments);
    const source = { file: "fs/fat/inode.c", line: 1, function: "f", module: null, chain: [] };
    moments.take(1, [row("f+0x1/0x2")]);
    board.follow(false, [row("f+0x1/0x2")]);
    expect(board.series.directories.map(({ name }) => name)).toEqual(["built-in"]);
    moments.take(2, [row("f+0x1/0x2", { source })]);
    expect(board.follow(false, [row("f+0x1/0x2", { source })])).toBeUndefined();
    expect(board.series.directories).toEqual([{ name: "fs/fat", net: [64, 64] }]);
  });
});
