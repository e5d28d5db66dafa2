/** Charts of a filtered snapshot: the image beside it is that of the same place. */
import { describe, expect, it } from "vitest";
import { snapshotQuerySchema } from "../../../src/model/api.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { SNAPSHOT_FILES } from "../../../src/server/api/snapshot-files.ts";
import { allocation, updateOf } from "../../support/live-update.ts";

const static_ = (text: number) => ({ text, rodata: 0, data: 0, bss: 0 });
const file = (name: string, text: number) => ({ name, kind: "file", static: static_(text), children: [] });
const IMAGE = {
  name: "6.1",
  kind: "directory",
  static: static_(60_000),
  children: [
    { name: "fs", kind: "directory", static: static_(20_000), children: [file("inode.c", 20_000)] },
    { name: "net", kind: "directory", static: static_(40_000), children: [file("socket.c", 40_000)] },
  ],
};
const footprint = () => Promise.resolve(Buffer.from(JSON.stringify({ tree: IMAGE })));

function chart(query: Record<string, string>) {
  const { snapshot } = updateOf([allocation("new_inode+0x1/0x2", 1)]);
  const source = { file: "fs/inode.c", function: "new_inode" } as Snapshot["callers"][number]["source"];
  const context = {
    snapshot: {
      ...snapshot,
      symbols: {} as NonNullable<Snapshot["symbols"]>,
      callers: snapshot.callers.map((row) => ({ ...row, source })),
    },
    parts: Object.values(query).slice(1),
    freeing: () => undefined,
    query: snapshotQuerySchema.parse(query),
    footprint,
    atMs: 0,
  };
  return SNAPSHOT_FILES.svg.make(context);
}

describe("a chart of the image", () => {
  it("is of all that it is of, where nothing is filtered", async () => {
    const svg = await chart({ a: "static" });
    expect(svg).toContain("socket.c");
    expect(svg).toContain("58.6 KiB");
  });

  it("is of the directory that the callers are of, and says so", async () => {
    const svg = await chart({ a: "static", directory: "fs" });
    expect(svg).not.toContain("socket.c");
    expect(svg).toContain("19.5 KiB");
    expect(svg).toContain(", fs");
  });

  it.each([{ text: "inode" }, { module: "fat" }, { kind: "64" }, { task: "1" }, { comm: "sh" }])(
    "is refused where callers are filtered by %o",
    async (filter) => {
      await expect(chart({ a: "current", ...filter })).rejects.toThrow("filtered by directory alone");
    },
  );
});
