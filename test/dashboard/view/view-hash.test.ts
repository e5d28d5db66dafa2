import { describe, expect, it } from "vitest";
import { decodeView, encodeView, MAX_OPEN } from "../../../src/dashboard/view/view-hash.ts";
import { DEFAULT_VIEW, type View } from "../../../src/dashboard/view/view.ts";

const VIEW: View = {
  target: "board-3",
  panel: "rings",
  window: { min: 2.206855, max: 13 },
  moments: 0.4,
  sort: { column: "allocs", descending: false },
  filter: { text: "ext4 & inode", directory: "fs/ext4", module: "fat", kind: "cache" },
  task: "name:x y & (sd-pam)",
  stacking: "net",
  clock: "uptime",
  attribute: "static",
  open: ["fat_fill_super+0xa3/0xc70 [fat]", "a#b+0x1/0x2"],
  against: "run 2",
};

describe("a view in the address", () => {
  it("comes back as it was, whatever is in its names", () => {
    expect(decodeView(`#${encodeView(VIEW)}`)).toEqual(VIEW);
    expect(decodeView(encodeView({ ...VIEW, sort: { column: "net", descending: true } })).sort.column).toBe("net");
  });

  it("is no address at all where it is the default one", () => {
    expect(encodeView(DEFAULT_VIEW)).toBe("");
    expect(decodeView("")).toEqual(DEFAULT_VIEW);
  });

  it("leaves out what is not understood", () => {
    expect(
      decodeView("#panel=evil&sort=-nothing&a=x&t=noon&kind=slab&task=id:x&window=5-2&moments=-1&token=secret&open="),
    ).toEqual(DEFAULT_VIEW);
    expect(decodeView("#window=-1-2").window).toBeNull();
  });

  it("opens no more rows than a screen has room for", () => {
    const open = Array.from({ length: 50 }, (_, i) => `f${i}`);
    expect(decodeView(encodeView({ ...DEFAULT_VIEW, open })).open).toHaveLength(MAX_OPEN);
  });
});
