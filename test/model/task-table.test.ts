import { describe, expect, it } from "vitest";
import { parseSavedCmdlines, TaskTable } from "../../src/model/task-table.ts";

const says = (pid: number, name: string) => new Map([[pid, name]]);

describe("a name that was remembered before the first event of its pid", () => {
  it("may be that of a process that is gone: it gives way to the one that is said next", () => {
    const tasks = new TaskTable();
    tasks.learn(says(18121, "sh"));
    const id = tasks.ofPid(18121);
    tasks.learn(says(18121, "ls"));
    expect(tasks.task(id)).toEqual({ pid: 18121, comm: "ls" });
    expect(tasks.ofPid(18121)).toBe(id);
  });

  it("is the task's where it is said once more: another one is another task's from then on", () => {
    const tasks = new TaskTable();
    tasks.learn(says(7, "sh"));
    const id = tasks.ofPid(7);
    tasks.learn(says(7, "sh"));
    tasks.learn(says(7, "ls"));
    expect([id, tasks.ofPid(7)].map((one) => tasks.task(one).comm)).toEqual(["sh", "ls"]);
  });

  it("gives way once: what comes behind is a task of its own, and the old name nobody's", () => {
    const tasks = new TaskTable();
    tasks.learn(says(7, "gone"));
    const id = tasks.ofPid(7);
    tasks.learn(says(7, "sh"));
    tasks.learn(says(7, "ls"));
    tasks.learn(says(7, "gone"));
    const last = tasks.ofPid(7);
    expect(last).not.toBe(id);
    expect([id, last].map((one) => tasks.task(one).comm)).toEqual(["sh", "gone"]);
  });
});

describe("the lines of saved_cmdlines", () => {
  /** As a stream has them: bytes as characters. */
  const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
  const named = (text: string, pid: number) => {
    const tasks = new TaskTable();
    tasks.learn(parseSavedCmdlines(bytes(text)));
    return tasks.task(tasks.ofPid(pid)).comm;
  };

  it("may have names beyond ASCII, which are read as in text", () => {
    expect(named("7 größe\n", 7)).toBe("größe");
    expect(named("7 \u202eevil\n", 7)).toBe("\\u{202e}evil");
    const cut = new TaskTable();
    cut.learn(parseSavedCmdlines("7 \xff\xc3\n"));
    expect(cut.task(cut.ofPid(7)).comm).toBe("\ufffd\ufffd");
  });

  it("end at a newline alone: another end of a line in a name makes no name of another pid", () => {
    expect(named("7 a\r1 evil\n", 1)).toBe("<...>");
    expect(named("7 a\r1 evil\n", 7)).toBe("a\\u{d}1 evil");
    expect(named("7 <...>\n", 7)).toBe("<...>");
  });
});
