/** Keys of `kmemtap top`, as terminals send them, and what they do. */
import { expect, it } from "vitest";
import { INITIAL, keysIn, press, type TopState } from "../../../src/cli/top/top-state.ts";

const after = (keys: readonly string[], from: TopState = INITIAL): TopState =>
  keys.reduce((state, key) => press(state, key, 10), from);

it("tells keys by what terminals send for them", () => {
  expect(keysIn("a/ü")).toEqual(["a", "/", "ü"]);
  expect(keysIn("\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[4~")).toEqual([
    "up",
    "down",
    "page-up",
    "page-down",
    "home",
    "end",
  ]);
  expect(keysIn("\r\x7f\x03\x1b")).toEqual(["enter", "backspace", "ctrl-c", "escape"]);
  // Keys that nothing is known of do nothing, and are not taken for what their sequence ends in.
  expect(keysIn("\x1b[1;5Cq")).toEqual(["q"]);
  expect(keysIn("\x1b[200~\x01\x02")).toEqual([]);
});

it("orders, turns round, and begins at the top again", () => {
  expect(after(["down", "g"])).toMatchObject({ order: "g", offset: 0, isReversed: false });
  expect(after(["w", "r"])).toMatchObject({ order: "w", isReversed: true });
  expect(after(["w", "r", "w"])).toMatchObject({ isReversed: false });
});

it("takes letters for text while a filter is typed", () => {
  expect(after(["/", "q", "g", "N", "backspace"])).toMatchObject({ typing: "qg", filter: "", isOver: false });
  expect(after(["/", "q", "G", "enter"])).toMatchObject({ typing: undefined, filter: "qg" });
  expect(after(["/", "x", "escape"])).toMatchObject({ typing: undefined, filter: "" });
  expect(after(["/", "x", "enter", "/", "enter"])).toMatchObject({ filter: "x" });
  expect(after(["/", "x", "enter", "escape"])).toMatchObject({ filter: "" });
});

it("scrolls by rows and pages, never before the first", () => {
  expect(after(["up", "page-up"]).offset).toBe(0);
  expect(after(["page-down", "down", "up", "down"]).offset).toBe(11);
});

it("ends by q, also where the help is open, and by Ctrl-C at any time", () => {
  expect(after(["?", "x"])).toMatchObject({ isHelp: false, isOver: false });
  expect(after(["?", "q"]).isOver).toBe(true);
  expect(after(["/", "ctrl-c"]).isOver).toBe(true);
});
