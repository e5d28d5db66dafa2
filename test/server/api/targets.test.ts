/** `/api/targets/…` for real: every form of a snapshot, and what may be asked of it. */
import { gunzipSync } from "node:zlib";
import fastify from "fastify";
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { type Inside, insideSchema } from "../../../src/model/inside.ts";
import { refusedAnswerSchema, windowSchema } from "../../../src/model/api.ts";
import { snapshotSchema } from "../../../src/model/snapshot.ts";
import type { HistoryPoint } from "../../../src/model/wire.ts";
import { Access } from "../../../src/server/access/access.ts";
import { ActLog } from "../../../src/server/access/act-log.ts";
import { guard } from "../../../src/server/access/guard.ts";
import { addHealth } from "../../../src/server/api/add-health.ts";
import { addUp } from "../../../src/accounting/compose-snapshot.ts";
import type { ClockSpan } from "../../../src/accounting/workload-state.ts";
import { viewOfWorkload } from "../../../src/accounting/workload-view.ts";
import { WorkloadAccount } from "../../../src/capture/workload-account.ts";
import { CallSiteTable } from "../../../src/model/call-site-table.ts";
import { type Lives, livesSchema } from "../../../src/model/lives.ts";
import { type Tasks, tasksSchema } from "../../../src/model/tasks.ts";
import { workloadViewSchema } from "../../../src/model/workload-view.ts";
import { addInside } from "../../../src/server/api/add-inside.ts";
import { addTargets } from "../../../src/server/api/add-targets.ts";
import { openApi } from "../../../src/server/api/openapi.ts";
import type { TestEvent } from "../../support/events.ts";
import { allocation, updateOf } from "../../support/live-update.ts";
import { TargetRegistry } from "../../../src/server/registry.ts";
import { goMissing, goNote, goPprof, readProfile } from "../../support/go-pprof.ts";
import { OPEN_ACCESS, serving } from "../../support/serving.ts";

const A = allocation("ext4_a+0x1/0x2 [ext4]", 1);
const B = [allocation("fat_b+0x1/0x2 [fat]", 2), allocation("fat_b+0x1/0x2 [fat]", 3)];

/** A task called sh for each list of what one allocated: ids from 0, pids from 7. */
function tasksOf(events: readonly (typeof B)[]): Tasks {
  const tasks = events.map((list, id) => {
    const { callers } = updateOf(list).snapshot;
    return { ...addUp(callers), id, pid: 7 + id, comm: "sh", callers };
  });
  return { schema: "kmemtap.tasks/1", tasks };
}

async function started() {
  const server = await serving();
  server.updates.next(updateOf([A, ...B], { history: [[1, 192, 180, 3]] }));
  const get = async (path: string) => {
    const answer = await fetch(`${server.url}/api/targets/${path}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, type: answer.headers.get("content-type"), bytes, text: bytes.toString() };
  };
  return { ...server, get };
}

describe("a snapshot", () => {
  it("comes in every form", async () => {
    const { get } = await started();
    const [json, txt, csv, svg, png, profile] = await Promise.all(
      ["json", "txt", "csv", "svg", "png", "pb.gz"].map((ending) => get(`target/snapshot.${ending}`)),
    );
    expect(snapshotSchema.parse(JSON.parse(json.text)).totals.netBytes).toBe(192);
    expect(json.type).toMatch(/^application\/json/);
    expect(txt.text).toMatch(/^current bytes allocated: +192\n/);
    expect(csv.text.split("\r\n")[1]).toContain("fat_b+0x1");
    expect(svg).toMatchObject({ status: 200, type: "image/svg+xml" });
    expect(svg.text).toMatch(/^<svg[^]*<\/svg>\s*$/);
    expect(PNG.sync.read(png.bytes).width).toBeGreaterThan(500);
    expect(gunzipSync(profile.bytes).includes("fat_b")).toBe(true);
  });

  it("is not to be had before something has come: zeros would be an account", async () => {
    const { url, updates } = await serving();
    for (const path of ["snapshot.json", "snapshot.csv", "window.json", "inside.json", "workload.json"]) {
      updates.next(updateOf([]));
      const answer = await fetch(`${url}/api/targets/target/${path}`);
      expect(answer.status).toBe(503);
      expect(refusedAnswerSchema.parse(await answer.json()).error).toBe("target: nothing arrived (starting)");
    }
    updates.next(updateOf([A]));
    expect((await fetch(`${url}/api/targets/target/snapshot.json`)).status).toBe(200);
  });

  it("is filtered, ordered and cut as it is asked; the totals are the filter's", async () => {
    const { get } = await started();
    const rows = async (query: string) => {
      const { callers, totals } = snapshotSchema.parse(JSON.parse((await get(`target/snapshot.json?${query}`)).text));
      return { sites: callers.map(({ caller }) => caller.slice(0, 5)), netBytes: totals.netBytes };
    };
    expect(await rows("order=allocs")).toEqual({ sites: ["fat_b", "ext4_"], netBytes: 192 });
    expect(await rows("order=allocs&descending=false")).toEqual({ sites: ["ext4_", "fat_b"], netBytes: 192 });
    expect(await rows("limit=1")).toEqual({ sites: ["fat_b"], netBytes: 192 });
    expect(await rows("module=ext4")).toEqual({ sites: ["ext4_"], netBytes: 64 });
    expect(await rows("text=FAT")).toEqual({ sites: ["fat_b"], netBytes: 128 });
    expect(await rows("directory=fs")).toEqual({ sites: [], netBytes: 0 });
    expect((await get("target/snapshot.txt?module=fat")).text).toMatch(/^current bytes allocated: +128\n/);
  });

  it("tells who freed, where it is known: of the callers that are asked for, at the account's moment", async () => {
    const { get, updates } = await started();
    const SLAB = "target/snapshot.slab-account.txt";
    expect(await get(SLAB)).toMatchObject({
      status: 400,
      text: expect.stringContaining("who freed is not known") as string,
    });
    expect(JSON.parse((await get("target/snapshot.json?freeing=true")).text)).not.toHaveProperty("freeing");
    const frees = new Map([
      ["fat_b+0x1/0x2 [fat]", 3],
      ["put\u001b+0x1/0x2", 4],
    ]);
    const tasks = () => tasksOf([[A], [B[0]]]);
    updates.next({ ...updateOf([A, ...B]), freeingCallSites: () => frees, tasks });
    const { text, type } = await get(SLAB);
    expect(type).toMatch(/^text\/plain/);
    expect(text).toMatch(/^total bytes allocated: +192\n[^]*number of frees: +7\nnumber of callers: +3\n/);
    expect(text).toMatch(/ 128 +8 +120 +2\/3 +fat_b\+0x1 \[fat\]\n[^]* 0\/4 +put\?\+0x1\n/);
    const freeing = async (query: string) =>
      snapshotSchema.parse(JSON.parse((await get(`target/snapshot.json?${query}`)).text)).freeing;
    expect(await freeing("freeing=true")).toEqual([...frees].map(([callSite, count]) => ({ callSite, frees: count })));
    expect(await freeing("freeing=true&module=fat")).toEqual([{ callSite: "fat_b+0x1/0x2 [fat]", frees: 3 }]);
    expect(await freeing("freeing=false")).toBeUndefined();
    expect((await get(`${SLAB}?text=ext4`)).text).toMatch(/number of frees: +0\nnumber of callers: +1\n/);
    expect((await get(`${SLAB}?task=1`)).status).toBe(400);
  });

  it.each([
    ["target/snapshot.json?limit=0", 400],
    ["target/snapshot.csv?from=5&to=1", 400],
    ["target/snapshot.json?order=size", 400],
    ["target/snapshot.json?nonsense=1", 400],
    ["target/snapshot.json?run=7", 404],
    ["target/snapshot.txt?order=caller", 400],
    ["target/snapshot.json?kind=page", 400],
    ["target/snapshot.json?task=sh", 400],
    ["target/snapshot.svg?a=everything", 400],
    ["target/snapshot.exe", 404],
    ["other/snapshot.json", 404],
    ["%1b%5b31m/snapshot.json", 404],
    ["target/window.json?from=5&to=1", 400],
    ["target/window.json?from=x", 400],
    ["target/window.json?by=task", 400],
    ["target/window.json?task=1", 400],
    ["target/window.json?by=stack", 400],
    ["target/window.json?by=stack&task=1", 400],
    ["target/window.json?order=size", 400],
    ["target/window.json?by=module", 400],
    ["target/footprint", 404],
  ])("cannot be had as %s: %i", async (path, status) => {
    const { get } = await started();
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toHaveProperty("error");
    expect(answer.text).not.toContain("\u001b");
  });

  it.each(["snapshot.csv", "window.json", "workload.json"])(
    "%s says what to do about a window the wrong way round",
    async (name) => {
      const { get } = await started();
      const refused = JSON.parse((await get(`target/${name}?from=5&to=1`)).text) as unknown;
      expect(refused).toEqual({ error: "from is later than to", help: "exchange them" });
      expect(JSON.parse((await get(`target/${name}?from=x`)).text)).toHaveProperty(
        "help",
        "docs/openapi.json has what may be asked",
      );
    },
  );

  const sizes = (bytesAlloc: number, kind: "kmalloc" | "cache" = "kmalloc") => [
    { kind, bytesReq: bytesAlloc - 4, bytesAlloc, liveObjects: 1 },
  ];
  const inside = (): Inside => ({
    schema: "kmemtap.inside/1",
    callers: [
      { callSite: "ext4_a+0x1/0x2 [ext4]", sizes: sizes(64) },
      { callSite: "fat_b+0x1/0x2 [fat]", sizes: sizes(192, "cache") },
    ],
    stacks: [],
  });

  it("is of the callers that hold objects of a kind", async () => {
    const { get, updates } = await started();
    updates.next({ ...updateOf([A, ...B]), inside });
    const rows = async (query: string) => {
      const { callers, totals } = snapshotSchema.parse(JSON.parse((await get(`target/snapshot.json?${query}`)).text));
      return { sites: callers.map(({ caller }) => caller.slice(0, 5)), netBytes: totals.netBytes };
    };
    expect(await rows("kind=kmalloc")).toEqual({ sites: ["ext4_"], netBytes: 64 });
    expect(await rows("kind=192")).toEqual({ sites: ["fat_b"], netBytes: 128 });
    expect(await rows("kind=192&module=ext4")).toEqual({ sites: [], netBytes: 0 });
    expect((await get("target/snapshot.svg?kind=192")).text).toContain("live objects of 192 bytes");
  });

  it("is of what a task allocated, by its id or name", async () => {
    const { get, updates } = await started();
    updates.next({ ...updateOf([A, ...B]), tasks: () => tasksOf([[A], [B[0]]]) });
    const rows = async (query: string) => {
      const { callers, totals } = snapshotSchema.parse(JSON.parse((await get(`target/snapshot.json?${query}`)).text));
      return [...callers.map((row) => `${row.caller.slice(0, 5)} ${row.netBytes}`), totals.netBytes];
    };
    expect(await rows("task=1")).toEqual(["fat_b 64", 64]);
    expect(await rows("comm=sh")).toEqual(["ext4_ 64", "fat_b 64", 128]);
    expect(await rows("comm=sh&module=ext4")).toEqual(["ext4_ 64", 64]);
    expect((await get("target/snapshot.svg?task=1")).text).toContain("sh-8");
  });

  it.each([
    ["kind=64", "are not known"],
    ["kind=64&run=1", "present run alone"],
    ["task=1&run=1", "present run alone"],
    ["comm=sh", "is not kept"],
    ["task=7", "no such task"],
  ])("says why it cannot be had by %s", async (query, why) => {
    const { get, updates } = await started();
    const { snapshot } = updateOf([A]);
    const summary = { run: 1, endedMs: 1, exact: true, totals: snapshot.totals };
    const previousRuns = [{ summary, snapshot }];
    const tasks = () => (query === "task=7" ? tasksOf([[A]]) : undefined);
    updates.next({ ...updateOf([A], { run: 2, previousRuns, target: { mode: "hist" } }), inside, tasks });
    const answer = await get(`target/snapshot.csv?${query}`);
    expect(answer.status).toBe(400);
    const { error, help } = refusedAnswerSchema.parse(JSON.parse(answer.text));
    expect(error).toContain(why);
    expect(help).not.toBe("");
  });

  it("is not there before anything was captured, but the target is", async () => {
    const { url } = await serving();
    expect((await fetch(`${url}/api/targets/target/snapshot.json`)).status).toBe(503);
    expect(await (await fetch(`${url}/api/targets`)).json()).toMatchObject({
      targets: [{ id: "target", state: "starting", link: null }],
    });
  });
});

describe("a window", () => {
  it("is what changed between two moments", async () => {
    const { get, updates } = await started();
    const history: HistoryPoint[] = [
      [1, 192, 180, 3],
      [9, 256, 240, 4],
    ];
    updates.next(updateOf([A, ...B, allocation("ext4_a+0x1/0x2 [ext4]", 9)], { history }));
    const window = windowSchema.parse(JSON.parse((await get("target/window.json?from=1&to=9")).text));
    expect(window).toMatchObject({ from: { used: 1 }, to: { used: 9 }, totals: { netBytes: 64 } });
    expect(window.callers.map(({ caller }) => caller)).toEqual(["ext4_a+0x1 [ext4]"]);
  });
});

describe("a file of a window", () => {
  const EXT4 = "ext4_a+0x1/0x2 [ext4]";
  async function grown() {
    const { get, updates } = await started();
    const history: HistoryPoint[] = [
      [1, 192, 180, 3],
      [9, 192, 180, 3],
    ];
    const later: TestEvent[] = [allocation(EXT4, 8), allocation(EXT4, 9), { kind: "kfree", ptr: 2n, site: "freer" }];
    updates.next(updateOf([A, ...B, ...later], { history }));
    return (rest: string) => get(`target/snapshot.${rest}${rest.includes("?") ? "&" : "?"}from=1&to=9`);
  }

  it("has what changed in it, filtered and ordered as a snapshot is", async () => {
    const get = await grown();
    const window = windowSchema.parse(JSON.parse((await get("json")).text));
    expect(window).toMatchObject({ from: { used: 1 }, to: { used: 9 }, totals: { netBytes: 64, allocs: 2, frees: 1 } });
    expect(window.callers.map(({ netBytes }) => netBytes)).toEqual([128, -64]);
    const fat = windowSchema.parse(JSON.parse((await get("json?module=fat")).text));
    expect(fat).toMatchObject({ totals: { netBytes: -64, frees: 1 }, callers: [{ caller: "fat_b+0x1 [fat]" }] });
    const [header, ...rows] = (await get("csv?order=frees")).text.trim().split("\r\n");
    expect(header).toBe("caller,call_site,net_bytes,live_objects,allocs,frees,total_bytes,file,line");
    expect(rows).toEqual([
      "fat_b+0x1 [fat],fat_b+0x1/0x2 [fat],-64,-1,0,1,0,,",
      `ext4_a+0x1 [ext4],${EXT4},128,2,2,0,128,,`,
    ]);
    const { text } = await get("svg");
    expect(text).toContain("Growth in the window");
    expect(text).toContain("1.000 s to 9.000 s, those that grew");
    expect(text).toContain("ext4_a");
    expect(text).not.toContain("fat_b");
    expect(PNG.sync.read((await get("png")).bytes).width).toBeGreaterThan(500);
  });

  it.skipIf(goMissing)(
    `is a heap profile of what changed, below zero where more ended than came${goNote}`,
    async () => {
      const { get, updates } = await started();
      // The address of one of the two is allocated anew: nobody saw it freed.
      const later: TestEvent[] = [allocation(EXT4, 3), { kind: "kfree", ptr: 1n, site: "freer" }, allocation(EXT4, 9)];
      const history: HistoryPoint[] = [[1, 192, 180, 3], [9, 192, 180, 3]]; // prettier-ignore
      updates.next(updateOf([A, ...B, ...later], { history }));
      const { callers, totals } = windowSchema.parse(JSON.parse((await get("target/snapshot.json?from=1&to=9")).text));
      const { bytes } = await get("target/snapshot.pb.gz?from=1&to=9");
      const { samples, comments } = readProfile(bytes);
      expect(Object.fromEntries(samples.map(({ labels, values }) => [labels["caller"], values]))).toEqual({
        "fat_b+0x1 [fat]": [0, 0, -1, -64],
        "ext4_a+0x1 [ext4]": [2, 128, 1, 64],
      });
      for (const { caller, allocs, totalBytes, liveObjects, netBytes } of callers)
      expect(samples.find(({ labels }) => labels["caller"] === caller)?.values).toEqual([allocs, totalBytes, liveObjects, netBytes]); // prettier-ignore
      expect(totals).toMatchObject({ allocs: 2, frees: 1, liveObjects: 0, netBytes: 0 });
      expect(comments).toContain("trace clock 1.000000 to 9.000000 s");
      expect(comments.join()).toContain("what changed between these");
      const top = goPprof(["-top", "-unit=b", "-sample_index=inuse_space"], bytes);
      expect(top).toMatch(/^ +-64B .* fat_b$/m);
      expect(top).toMatch(/^ +64B .* ext4_a$/m);
      expect(goPprof(["-top", "-unit=b", "-drop_negative"], bytes)).not.toContain("fat_b");
      expect(readProfile((await get("target/snapshot.pb.gz?from=1&to=9&module=fat")).bytes).samples).toHaveLength(1);
    },
  );

  it.each([
    ["txt", "of the whole run"],
    ["slab-account.txt", "of the whole run"],
    ["svg?a=waste", "not known of a window"],
    ["csv?order=wasteBytes", "not ordered by wasteBytes"],
    ["csv?comm=sh", "not kept"],
  ])("cannot be had as %s, and says why", async (rest, why) => {
    const answer = await (await grown())(rest);
    expect(answer.status).toBe(400);
    const { error, help } = refusedAnswerSchema.parse(JSON.parse(answer.text));
    expect(error).toContain(why);
    expect(help).not.toBe("");
  });

  it("is of the present run alone", async () => {
    const { get, updates } = await started();
    const { snapshot } = updateOf([A]);
    const previousRuns = [{ summary: { run: 1, endedMs: 1, exact: true, totals: snapshot.totals }, snapshot }];
    updates.next(updateOf([A], { run: 2, previousRuns, history: [[1, 1, 1, 1]] }));
    expect((await get("target/snapshot.csv?run=1&from=0")).text).toContain("of the present run alone");
    expect((await get("target/snapshot.csv?run=2&from=0")).status).toBe(200);
  });
});

describe("a window by task", () => {
  it("is what each task's part changed by", async () => {
    const { get, updates } = await started();
    const history: HistoryPoint[] = [[5, 192, 180, 3]];
    updates.next({ ...updateOf([A, ...B], { history }), tasks: () => tasksOf([[A], [B[0]]]) });
    const more = tasksOf([[A], B]);
    updates.next({ ...updateOf([A, ...B], { history: [...history, [9, 192, 180, 3]] }), tasks: () => more });
    const asked = async (query: string) =>
      windowSchema.parse(JSON.parse((await get(`target/window.json?from=5&to=9&${query}`)).text));
    const { tasks, callers, totals } = await asked("by=task");
    expect(tasks).toEqual([
      { id: 1, pid: 8, comm: "sh", netBytes: 64, totalBytes: 64, allocs: 1, frees: 0, liveObjects: 1, callSites: 1 },
    ]);
    expect([callers, totals.netBytes]).toEqual([[], 64]);
    expect((await asked("task=1")).callers.map(({ caller }) => caller)).toEqual(["fat_b+0x1 [fat]"]);
    expect((await asked("task=0")).callers).toEqual([]);
    expect((await asked("comm=sh")).totals.allocs).toBe(1);
  });
});

describe("inside.json", () => {
  it("is what the account knows beyond its snapshot, asked of it now", async () => {
    const { get, updates } = await started();
    const inside: Inside = {
      schema: "kmemtap.inside/1",
      callers: [{ callSite: "a+0x1/0x2", sizes: [{ kind: "kmalloc", bytesReq: 60, bytesAlloc: 64, liveObjects: 1 }] }],
      stacks: [],
    };
    updates.next({ ...updateOf([A]), inside: () => inside });
    const answer = await get("target/inside.json");
    expect(insideSchema.parse(JSON.parse(answer.text))).toEqual(inside);
  });

  it("is nothing where the target does not tell", async () => {
    const { get, updates } = await started();
    updates.next(updateOf([A]));
    expect((await get("target/inside.json")).status).toBe(204);
  });
});

describe("lives.json", () => {
  const callers = ["a+0x1/0x2", "b+0x1/0x2"].map((callSite) => ({
    callSite,
    freedBy: [{ callSite: "f+0x1/0x2", objects: 1, bytes: 64 }],
    freedByOthers: { callSites: 0, objects: 0, bytes: 0 },
    lifetimes: { objects: 1, medianS: 1e-6, steps: [1] },
    ages: { objects: 0, oldestS: null, medianS: null, steps: [] },
  }));
  const lives: Lives = { schema: "kmemtap.lives/1", pairs: 2, untracked: 0, callers };

  it("is of every caller, or of one", async () => {
    const { get, updates } = await started();
    updates.next({ ...updateOf([A]), lives: () => lives });
    expect(livesSchema.parse(JSON.parse((await get("target/lives.json")).text))).toEqual(lives);
    const one = await get(`target/lives.json?callSite=${encodeURIComponent("b+0x1/0x2")}`);
    expect(JSON.parse(one.text)).toEqual({ ...lives, callers: [callers[1]] });
    expect(JSON.parse((await get("target/lives.json?callSite=none")).text)).toMatchObject({ callers: [] });
    expect((await get("target/lives.json?site=b")).status).toBe(400);
  });

  it("is nothing where it is not kept", async () => {
    const { get, updates } = await started();
    updates.next({ ...updateOf([A]), lives: () => undefined });
    expect((await get("target/lives.json")).status).toBe(204);
  });
});

describe("tasks.json", () => {
  const { callers } = updateOf([A, ...B]).snapshot;
  const rows = [
    { id: 3, pid: 7, comm: "sh" },
    { id: 4, pid: 8, comm: "sh" },
    { id: 1, pid: null, comm: "(interrupt)" },
  ].map((task) => ({ ...addUp(callers), ...task, callers }));
  const tasks: Tasks = { schema: "kmemtap.tasks/1", tasks: rows };

  it("is of every task, of one, of a name, and without callers", async () => {
    const { get, updates } = await started();
    updates.next({ ...updateOf([A]), tasks: () => tasks });
    const asked = async (query: string) =>
      tasksSchema.parse(JSON.parse((await get(`target/tasks.json${query}`)).text)).tasks;
    expect(await asked("")).toEqual(rows);
    expect(await asked("?task=4")).toEqual([rows[1]]);
    expect(await asked("?task=99")).toEqual([]);
    expect((await asked("?comm=sh")).map(({ pid }) => pid)).toEqual([7, 8]);
    expect((await asked(`?comm=${encodeURIComponent("(interrupt)")}`)).map(({ id }) => id)).toEqual([1]);
    expect((await asked("?callers=none")).map((row) => "callers" in row)).toEqual([false, false, false]);
    for (const query of ["?task=x", "?callers=all", "?pid=7"])
      expect((await get(`target/tasks.json${query}`)).status).toBe(400);
  });

  it("is nothing where it is not kept", async () => {
    const { get, updates } = await started();
    updates.next({ ...updateOf([A]), tasks: () => undefined });
    expect((await get("target/tasks.json")).status).toBe(204);
  });
});

describe("workload.json", () => {
  it("is nothing before a workload, and then what the account says of it now", async () => {
    const { get, updates } = await started();
    updates.next(updateOf([A]));
    expect((await get("target/workload.json")).status).toBe(204);
    const account = new WorkloadAccount(new CallSiteTable(), { times: false });
    account.begin("load", "modprobe <b>", 1, 1e9);
    account.end(0, 2e9);
    const { progress } = account;
    const context = { target: "t", scope: "system", snapshot: updateOf([A]).snapshot } as const;
    const workloadView = (span?: ClockSpan) =>
      viewOfWorkload(account.result({ ...context, span }), progress ?? never(), span);
    updates.next({ ...updateOf([A]), ...(progress && { progress }), workloadView });
    const view = workloadViewSchema.parse(JSON.parse((await get("target/workload.json")).text));
    expect(view).toMatchObject({ run: 1, progress, phases: [{ name: "load", command: "modprobe <b>", status: 0 }] });
    expect(view).not.toHaveProperty("window");
    const of = async (query: string) => {
      const { window, phases } = workloadViewSchema.parse(
        JSON.parse((await get(`target/workload.json?${query}`)).text),
      );
      return [window, phases.length];
    };
    expect(await of("from=0.5&to=1.5")).toEqual([{ fromNs: 5e8, toNs: 1.5e9, phasesBeyond: 1 }, 1]);
    expect(await of("from=1")).toEqual([{ fromNs: 1e9, toNs: null, phasesBeyond: 0 }, 1]);
    expect(await of("to=0.5")).toEqual([{ fromNs: null, toNs: 5e8, phasesBeyond: 0 }, 0]);
    for (const query of ["from=2&to=1", "from=x", "by=task"])
      expect((await get(`target/workload.json?${query}`)).status).toBe(400);
  });
});

describe("/api/openapi.json", () => {
  it("describes every route there is, and no other", async () => {
    const routes = new Set<string>();
    const app = fastify();
    app.addHook("onRoute", ({ method, url }) => void routes.add(`${String(method)} ${url}`));
    await guard(app, new Access({ host: "127.0.0.1", port: 0 }, OPEN_ACCESS), new ActLog(app.log));
    addHealth(app, new TargetRegistry());
    addInside(app, new TargetRegistry());
    addTargets(app, new TargetRegistry());
    const described = Object.entries(openApi()["paths"] as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace("{id}", ":id")}`),
    );
    const served = [...routes].filter((route) => !route.startsWith("HEAD"));
    expect(described.sort()).toEqual(served.sort());
  });

  it("is served", async () => {
    const { url } = await serving();
    expect(await (await fetch(`${url}/api/openapi.json`)).json()).toEqual(JSON.parse(JSON.stringify(openApi())));
  });

  it("refers to nothing that it does not hold", () => {
    const text = JSON.stringify(openApi());
    const { schemas } = openApi()["components"] as { schemas: Record<string, unknown> };
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(schemas).toHaveProperty(name);
    expect(text).not.toContain("$defs");
  });
});

function never(): never {
  throw new Error("a phase has begun");
}
