import { describe, expect, it } from "vitest";
import { commandFor, KEYS } from "../../../src/dashboard/keys/key-map.ts";

const press = (key: string, part: object = {}) =>
  commandFor({ key, ctrlKey: false, metaKey: false, altKey: false, ...part });

describe("the page's keys", () => {
  it("mean one thing each", () => {
    const keys = KEYS.flatMap((one) => one.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(press("?")).toBe("help");
    expect(press("2")).toBe("rings");
    expect(press("x")).toBeNull();
  });

  it("leave the browser its own", () => {
    expect(press("p", { ctrlKey: true })).toBeNull();
    expect(press("s", { metaKey: true })).toBeNull();
  });
});
