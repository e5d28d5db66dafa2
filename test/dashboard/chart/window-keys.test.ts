import { describe, expect, it } from "vitest";
import { placeForKey } from "../../../src/dashboard/chart/window-keys.ts";

const ALL = { min: 0, max: 100 };

describe("the timeline by keys", () => {
  it("moves the cursor, and stays within what is shown", () => {
    expect(placeForKey({ cursor: 50, window: null }, "ArrowRight", false, ALL)).toEqual({ cursor: 51, window: null });
    expect(placeForKey({ cursor: 0.5, window: null }, "ArrowLeft", false, ALL)?.cursor).toBe(0);
    expect(placeForKey({ cursor: 50, window: null }, "End", false, ALL)?.cursor).toBe(100);
  });

  it("chooses a window with Shift, from where the cursor stood", () => {
    const once = placeForKey({ cursor: 50, window: null }, "ArrowRight", true, ALL);
    expect(once).toEqual({ cursor: 51, window: { min: 50, max: 51 } });
    const twice = once && placeForKey(once, "PageUp", true, ALL);
    expect(twice).toEqual({ cursor: 61, window: { min: 50, max: 61 } });
    const back = twice && placeForKey(twice, "Home", true, ALL);
    expect(back).toEqual({ cursor: 0, window: { min: 0, max: 50 } });
  });

  it("widens and narrows a window about its middle", () => {
    expect(placeForKey({ cursor: 60, window: { min: 40, max: 60 } }, "+", false, ALL)?.window).toEqual({
      min: 45,
      max: 55,
    });
    expect(placeForKey({ cursor: 60, window: { min: 0, max: 60 } }, "-", false, ALL)?.window).toEqual({
      min: 0,
      max: 90,
    });
    expect(placeForKey({ cursor: 60, window: null }, "+", false, ALL)).toBeNull();
    expect(placeForKey({ cursor: 60, window: null }, "x", false, ALL)).toBeNull();
  });
});
