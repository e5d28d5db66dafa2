/** An image beside callers that are filtered. */
import { describe, expect, it } from "vitest";
import { bytesOf, type SourceNode } from "../../src/model/source-tree.ts";
import { imageWithin } from "../../src/rings/image-within.ts";

const bytes = (text: number) => ({ text, rodata: 0, data: 0, bss: 0 });
const file = (name: string, text: number): SourceNode => ({ name, kind: "file", static: bytes(text), children: [] });
const directory = (name: string, ...children: SourceNode[]): SourceNode => ({
  name,
  kind: "directory",
  static: bytes(children.reduce((sum, child) => sum + bytesOf(child, "static"), 0)),
  children,
});
const IMAGE = directory(
  "6.1",
  directory("fs", directory("fat", file("dir.c", 40)), file("inode.c", 2)),
  file("x.c", 1),
);

describe("the image", () => {
  it("is whole where nothing is filtered", () => {
    expect(imageWithin(IMAGE, {})).toBe(IMAGE);
    expect(imageWithin(IMAGE, { directory: "", text: " ", module: "", kind: "" })).toEqual(IMAGE);
  });

  it("is that of the directory or file, which its parents hold alone", () => {
    const part = imageWithin(IMAGE, { directory: "fs/fat/" });
    expect(part).toMatchObject({ name: "6.1", static: bytes(40), children: [{ name: "fs", static: bytes(40) }] });
    expect(part?.children[0].children).toEqual([directory("fat", file("dir.c", 40))]);
    expect(imageWithin(IMAGE, { directory: "fs/inode.c" })).toMatchObject({ static: bytes(2) });
  });

  it("is nothing where the directory has none", () => {
    expect(imageWithin(IMAGE, { directory: "net" })).toEqual({ name: "6.1", kind: "directory", children: [] });
  });

  it.each([{ text: "kmalloc" }, { module: "fat" }, { kind: "64" }])("cannot be cut by %o", (filter) => {
    expect(imageWithin(IMAGE, { directory: "fs", ...filter })).toBeUndefined();
  });
});
