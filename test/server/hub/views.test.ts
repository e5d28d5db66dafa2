/** Whatever happens to a target, and however slow its viewers: what a viewer has is what its view shows. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LiveUpdate } from "../../../src/capture/live-update.ts";
import type { Tasks } from "../../../src/model/tasks.ts";
import type { View } from "../../../src/model/wire-request.ts";
import { TargetHub } from "../../../src/server/hub/target-hub.ts";
import { totalsOf } from "../../../src/model/totals-of.ts";
import { selectRows } from "../../../src/server/hub/view-rows.ts";
import { ledgerOf } from "../../support/events.ts";
import { allocation, updateOf } from "../../support/live-update.ts";
import { SLOW, ViewerSocket } from "../../support/viewer-socket.ts";

const site = fc.constantFrom(
  "ext4_a+0x1/0x2 [ext4]",
  "fat_b+0x1/0x2 [fat]",
  "kmalloc_c+0x1/0x2",
  "ext4_d+0x3/0x9 [ext4]",
);
const step = fc.record({
  events: fc.array(fc.record({ site, alloc: fc.constantFrom(64, 96, 256), task: fc.constantFrom(0, 1, 2) }), {
    maxLength: 6,
  }),
  freed: fc.array(fc.nat(200), { maxLength: 4 }),
  slow: fc.boolean(),
  act: fc.constantFrom("none", "none", "none", "resync", "view", "run"),
});
const view: fc.Arbitrary<View> = fc.record(
  {
    order: fc.constantFrom("netBytes", "totalBytes", "allocs", "caller"),
    descending: fc.boolean(),
    limit: fc.integer({ min: 1, max: 3 }),
    filter: fc.constantFrom(
      {},
      { text: "EXT4" },
      { module: "fat" },
      { module: "built-in" },
      { directory: "fs" },
      { kind: "256" },
      { task: 1 },
      { comm: "sh" },
      { comm: "sh", module: "fat" },
      { task: 0, kind: "64" },
      { comm: "nobody" },
    ),
  },
  { requiredKeys: ["order"] },
);

/** Whose allocation an address is of. */
type Owners = Map<bigint, number>;
const NAMES = ["sh", "cat", "sh"];

/** As the server gets them: a task's account is that of its own allocations, and of their frees, whoever freed. */
function tasksOf(events: Parameters<typeof updateOf>[0], owners: Owners, names = NAMES): () => Tasks {
  let known: Tasks | undefined;
  return () =>
    (known ??= {
      schema: "kmemtap.tasks/1",
      tasks: names
        .map((comm, id) => {
          const own = events.filter(({ ptr }) => owners.get(ptr) === id);
          const { callers, totals } = updateOf(own).snapshot;
          return { ...totals, id, pid: 100 + id, comm, callers: [...callers] };
        })
        .filter(({ allocs }) => allocs > 0),
    });
}

describe("a view", () => {
  it("is what its viewer has once it keeps up, and what it leaves out is added up", () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 20 }),
        fc.array(view, { minLength: 2, maxLength: 6 }),
        (steps, views) => {
          const hub = new TargetHub("target", "test");
          const viewers = views.map((chosen) => ({ socket: new ViewerSocket(), view: chosen }));
          for (const { socket, view: chosen } of viewers) hub.subscribe(socket, { view: chosen, paceMs: 0 });
          let events: Parameters<typeof updateOf>[0][number][] = [];
          let owners: Owners = new Map();
          let run = 1;
          let ptr = 1;
          let update: LiveUpdate = updateOf([], { run });
          steps.forEach(({ events: more, freed, slow, act }, i) => {
            const one = viewers[i % viewers.length];
            if (act === "run") {
              run += 1;
              events = [];
              owners = new Map();
            }
            if (act === "resync") hub.resync(one.socket);
            if (act === "view") {
              one.view = viewers[(i + 1) % viewers.length].view;
              one.socket.bufferedAmount = 0;
              hub.subscribe(one.socket, { view: one.view, paceMs: 0 });
            }
            one.socket.bufferedAmount = slow ? SLOW : 0;
            events = events.concat(
              more.map((event) => {
                owners.set(BigInt(ptr), event.task);
                return { ...allocation(event.site, ptr++), alloc: event.alloc };
              }),
              freed.map((old) => ({ kind: "kfree" as const, ptr: BigInt(old), site: "freer+0x1/0x2" })),
            );
            const callers = ledgerOf([events]).objectsByCaller();
            update = {
              ...updateOf(events, { run }),
              inside: () => ({ schema: "kmemtap.inside/1", callers, stacks: [] }),
              tasks: tasksOf(events, owners),
            };
            hub.publish(update);
          });
          for (const { socket } of viewers) socket.bufferedAmount = 0;
          hub.sendToLate();
          for (const { socket, view: chosen } of viewers) {
            const sizes = new Map(update.inside?.().callers.map((row) => [row.callSite, row.sizes]));
            const { rows, others } = selectRows(chosen, update.snapshot.callers, { kinds: () => sizes, ...update });
            expect(socket.rows).toEqual(new Map(rows.map((row) => [row.callSite, row])));
            const isWhole = chosen.limit === undefined && Object.keys(chosen.filter ?? {}).length === 0;
            const said = { callers: others.length, totals: totalsOf(others) };
            expect(socket.ofTarget.at(-1)?.others).toEqual(isWhole ? undefined : said);
            // Whatever a view is of, with what it leaves out it is all there is.
            const { callSites, peakNetBytes } = update.snapshot.totals;
            expect({ ...totalsOf([...rows, ...others]), callSites, peakNetBytes }).toEqual(update.snapshot.totals);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("of tasks follows one that gets its name later, though nothing more was allocated", () => {
    const [hub, socket] = [new TargetHub("target", "test"), new ViewerSocket()];
    hub.subscribe(socket, { view: { order: "netBytes", filter: { comm: "sh" } }, paceMs: 0 });
    const events = [allocation("a", 1), allocation("a", 2)];
    const called = (...names: string[]) =>
      tasksOf(
        events,
        new Map([
          [1n, 0],
          [2n, 1],
        ]),
        names,
      );
    hub.publish({ ...updateOf(events), tasks: called("sh", "<...>") });
    expect([...socket.rows.values()].map(({ callSite, allocs }) => [callSite, allocs])).toEqual([["a", 1]]);
    hub.publish({ ...updateOf(events), tasks: called("sh", "sh") });
    expect([...socket.rows.values()].map(({ callSite, allocs }) => [callSite, allocs])).toEqual([["a", 2]]);
    expect(socket.ofTarget.at(-1)?.others).toMatchObject({ callers: 0 });
  });

  it("is in its order, largest first unless said otherwise, names from a to z", () => {
    const rows = updateOf([allocation("b", 1), allocation("a", 2), allocation("a", 3), allocation("c", 4)]).snapshot
      .callers;
    const sites = (chosen: View) => selectRows(chosen, rows).rows.map(({ callSite }) => callSite);
    expect(sites({ order: "allocs" })).toEqual(["a", "b", "c"]);
    expect(sites({ order: "allocs", descending: false })).toEqual(["b", "c", "a"]);
    expect(sites({ order: "caller" })).toEqual(["a", "b", "c"]);
    expect(sites({ order: "caller", descending: true, limit: 2 })).toEqual(["c", "b"]);
  });

  it("is sent no faster than its pace, however much happens, but the first at once", async () => {
    const hub = new TargetHub("target", "test");
    const [slow, prompt] = [new ViewerSocket(), new ViewerSocket()];
    hub.subscribe(slow, { view: { order: "netBytes" }, paceMs: 300 });
    hub.subscribe(prompt, { view: { order: "netBytes" }, paceMs: 0 });
    for (let i = 1; i <= 10; i++) hub.publish(updateOf([allocation("a", i)]));
    expect([slow.texts.length, prompt.texts.length]).toEqual([1, 10]);
    await new Promise((resolve) => setTimeout(resolve, 320));
    hub.sendToLate();
    hub.sendToLate();
    expect(slow.texts.length).toBe(2);
    expect(slow.ofTarget[1]).toMatchObject({ type: "changes", since: 1, seq: 10 });
  });
});
