import { describe, expect, it } from "vitest";
import type { CallerRow } from "../../src/model/snapshot.ts";
import { formatFolded } from "../../src/report/folded-stacks.ts";

const row = (name: string, netBytes: number, totalBytes: number) =>
  ({ callSite: `${name}+0x1/0x9`, caller: `${name}+0x1`, netBytes, totalBytes }) as CallerRow;
const stack = (functions: string[], charged: string, netBytes: number, totalBytes: number) => ({
  functions,
  callSite: `${charged}+0x1/0x9`,
  netBytes,
  totalBytes,
});

describe("folded stacks", () => {
  const stacks = [
    stack(["main", "a", "kstrdup"], "a", 8, 80),
    stack(["main", "a", "kstrdup"], "a", 0, 20),
    stack(["main", "b [mod;x]"], "b", 5, 50),
  ];
  const callers = [row("a", 10, 100), row("b", 5, 50), row("c", 7, 70)];

  it("add up to the account, with what has no stack under its call site", () => {
    expect(formatFolded(stacks, callers, "current")).toBe("a+0x1 2\nc+0x1 7\nmain;a;kstrdup 8\nmain;b [mod:x] 5\n");
    expect(formatFolded(stacks, callers, "total")).toBe("c+0x1 70\nmain;a;kstrdup 100\nmain;b [mod:x] 50\n");
  });

  it("are call sites alone where there are no stacks", () => {
    expect(formatFolded([], [row("a", 0, 3)], "current")).toBe("");
    expect(formatFolded([], [row("a", 0, 3)], "total")).toBe("a+0x1 3\n");
  });
});
