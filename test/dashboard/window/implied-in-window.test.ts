import { expect, it } from "vitest";
import { impliedInWindow } from "../../../src/dashboard/window/implied-in-window.ts";
import { row } from "../make.ts";

const accountOf = (part: Parameters<typeof row>[1], mode: "text" | "hist" = "text") => ({
  callers: new Map([["a", row("a", part)]]),
  target: { mode },
});
const a = row("a", { impliedFrees: 3 });

it.each([
  ["all were followed", accountOf({}), a, true],
  ["the kernel hid some pointers", accountOf({ hiddenAllocs: 1 }), a, false],
  ["memory was not given for some", accountOf({ untrackedAllocs: 1 }), a, false],
  ["the caller is not known yet", accountOf({}), row("b"), false],
  ["sums made in the kernel tell none", accountOf({}, "hist"), row("a"), false],
  ["there is no account", null, a, false],
])("the implied frees of a window are known or not: %s", (_, account, ofWindow, expected) => {
  expect(impliedInWindow(account, ofWindow)).toBe(expected);
});
