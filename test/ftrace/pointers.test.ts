import { describe, expect, it } from "vitest";
import { decodeLines } from "../support/decode.ts";
import { alloc, free, head } from "../support/trace-text.ts";

const NULL_FORMS = ["  (null)", "(null)", "          (null)", "(nil)", "   (nil)", "00000000", "0000000000000000"];

describe("64-bit pointers are exact", () => {
  it.each([
    ["ffff8f52ffab6ba0", "ffff8f52ffab6ba1"],
    ["ffff8f52ffab6ba0", "7fff8f52ffab6ba0"],
    ["0000000100000000", "0000000000000001"],
    ["ffffffffffffffff", "fffffffffffffffe"],
    ["8000000000000000", "0000000080000000"],
  ])("%s and %s", (one, other) => {
    const { events } = decodeLines(head() + alloc({ ptr: one }), head() + alloc({ ptr: other }));
    expect(events.map((event) => event.ptr)).toEqual([one, other]);
  });

  it("reads 8 digits of a 32-bit kernel", () => {
    expect(decodeLines(head() + alloc({ ptr: "c15ca280" })).events[0].ptr).toBe("00000000c15ca280");
  });

  it("every single bit counts", () => {
    const pointers = Array.from({ length: 64 }, (_, bit) => (1n << BigInt(bit)).toString(16).padStart(16, "0"));
    const { events } = decodeLines(...pointers.map((ptr) => head() + alloc({ ptr })));
    expect(events.map((event) => event.ptr)).toEqual(pointers);
  });
});

describe("null pointers", () => {
  it.each(NULL_FORMS)("a free of `%s` is no event", (ptr) => {
    const decoded = decodeLines(
      head() + free({ ptr }),
      head() + free({ event: "kmem_cache_free", ptr, tail: " name=pid" }),
    );
    expect(decoded.lines).toEqual({ nullFree: 2 });
    expect(decoded.events).toEqual([]);
  });

  it.each(NULL_FORMS)("an allocation of `%s` failed", (ptr) => {
    const decoded = decodeLines(head() + alloc({ ptr }));
    expect(decoded.lines).toEqual({ failedAllocation: 1 });
    expect(decoded.events).toEqual([]);
  });
});

describe("pointers that the kernel hid", () => {
  it.each(["(____ptrval____)", "(ptrval)"])("%s is rejected, since the object has no identity", (ptr) => {
    const decoded = decodeLines(head() + alloc({ ptr }), head() + free({ ptr }));
    expect(decoded.lines).toEqual({ hiddenPointer: 2 });
    expect(decoded.events).toEqual([]);
  });
});

describe("pointers that lost characters", () => {
  it.each(["c64b90b", "000000c64b90b6", "00000000c64b90b", "0"])("%s is not what %%p prints", (ptr) => {
    for (const event of [alloc({ ptr }), free({ ptr }), free({ event: "kmem_cache_free", ptr, tail: " name=pid" })]) {
      const decoded = decodeLines(head() + event);
      expect(decoded.events).toEqual([]);
      expect(decoded.lines).toEqual({ badField: 1 });
    }
  });
});
