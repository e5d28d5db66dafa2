/** Tasks as the page's rows: each, by name, in order, and the callers of some as one. */
import { describe, expect, it } from "vitest";
import { linesOf, orderTasks } from "../../src/dashboard/tasks/gather-tasks.ts";
import { callersOf } from "../../src/model/task-callers.ts";
import { isAmong, isTaskChoice, queryOf } from "../../src/dashboard/tasks/task-choice.ts";
import type { TaskRow } from "../../src/model/tasks.ts";
import { row, totals } from "./make.ts";

const task = (id: number, comm: string, pid: number | null, part: Partial<TaskRow> = {}): TaskRow => ({
  ...totals,
  id,
  comm,
  pid,
  ...part,
});
const TASKS = [
  task(3, "sh", 7, { netBytes: 100, allocs: 2 }),
  task(4, "ls", 8, { netBytes: 300 }),
  task(5, "sh", 9, { netBytes: 250, allocs: 5 }),
  task(1, "(interrupt)", null, { netBytes: -1 }),
];

describe("tasks", () => {
  it("are lines of their own, or one a name", () => {
    expect(linesOf(TASKS, "process").map(({ choice, name }) => [choice, name])).toEqual([
      ["id:3", "sh-7"],
      ["id:4", "ls-8"],
      ["id:5", "sh-9"],
      ["id:1", "(interrupt)"],
    ]);
    const [sh, ...others] = linesOf(TASKS, "name");
    expect(sh).toMatchObject({ choice: "name:sh", tasks: 2, netBytes: 350, allocs: 7, callSites: null });
    expect(others.map(({ name, callSites }) => [name, callSites])).toEqual([
      ["ls", 1],
      ["(interrupt)", 1],
    ]);
  });

  it("have the change of live objects of a window, and no waste, which is not known of it", () => {
    const change = { netBytes: -64, totalBytes: 64, allocs: 1, frees: 1, liveObjects: -2, callSites: 1 };
    const some = [
      { id: 3, pid: 7, comm: "sh", ...change },
      { id: 5, pid: 9, comm: "sh", ...change },
    ];
    expect(linesOf(some, "process")[0]).toMatchObject({ liveObjects: -2, wasteBytes: null });
    expect(linesOf(some, "name")).toMatchObject([{ liveObjects: -4, wasteBytes: null }]);
  });

  it("are ordered by any column, ties by name, and found by words", () => {
    const lines = linesOf(TASKS, "process");
    const names = (...[text, sort]: [string, Parameters<typeof orderTasks>[2]]) =>
      orderTasks(lines, text, sort).map(({ name }) => name);
    expect(names("", { column: "net", descending: true })).toEqual(["ls-8", "sh-9", "sh-7", "(interrupt)"]);
    expect(names("", { column: "allocs", descending: true })).toEqual(["sh-9", "sh-7", "(interrupt)", "ls-8"]);
    expect(names("", { column: "task", descending: false })).toEqual(["(interrupt)", "ls-8", "sh-7", "sh-9"]);
    expect(names(" SH 9", { column: "net", descending: true })).toEqual(["sh-9"]);
  });

  it("have the callers of all of a name as one, with what is known of them", () => {
    const a = row("a+0x1/0x2", { netBytes: 10, allocs: 3, peakNetBytes: 64 });
    const b = row("b+0x1/0x2", { netBytes: 5 });
    const source = { file: "fs/a.c", line: 1, function: "a", module: null, chain: [] };
    const tasks = [task(3, "sh", 7, { callers: [a, b] }), task(5, "sh", 9, { callers: [a] })];
    const rows = callersOf(tasks, new Map([[a.callSite, { ...a, source }]]));
    expect(rows.get(a.callSite)).toMatchObject({ netBytes: 20, allocs: 6, peakNetBytes: 0, source });
    expect(rows.get(b.callSite)).toEqual(b);
  });
});

it("knows whether a choice that came by a link is of a task of this run", () => {
  expect((["id:3", "id:03", "name:sh", "name:(interrupt)"] as const).map((choice) => isAmong(choice, TASKS))).toEqual(
    Array<boolean>(4).fill(true),
  );
  expect((["id:2", "id:30", "name:3", "name:s"] as const).map((choice) => isAmong(choice, TASKS))).toEqual(
    Array<boolean>(4).fill(false),
  );
});

it("asks for a task by its id, or for those of a name", () => {
  expect(queryOf("id:12")).toBe("task=12");
  expect(queryOf("name:x y & (sd-pam)")).toBe("comm=x%20y%20%26%20(sd-pam)");
  expect(["id:1", "name:a", "id:", "id:x", "name:", "a"].map(isTaskChoice)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
