/** `ar` archives of both kinds. */
import { describe, expect, it } from "vitest";
import { readArchive } from "../../../src/symbols/elf/archive.ts";
import { readElf } from "../../../src/symbols/elf/read-elf.ts";
import { sliceOf } from "../../../src/symbols/elf/read-part.ts";
import { inMemory, objectBytes } from "../../support/elf-objects.ts";

const membersOf = (name: string) => readArchive(inMemory(objectBytes(name)), name);

describe("readArchive", () => {
  it("finds each member's bytes in a full archive", async () => {
    const bytes = objectBytes("full.a");
    const members = await membersOf("full.a");
    expect(members.map(({ name }) => name)).toEqual(["le64.o", "le32.o"]);
    for (const { name, offset, size } of members) {
      expect(bytes.subarray(offset, Number(offset) + size)).toEqual(objectBytes(name));
      await expect(readElf(sliceOf(inMemory(bytes), Number(offset), size), name)).resolves.toBeDefined();
    }
  });

  it("reads names that are too long for a header", async () => {
    expect((await membersOf("long.a")).map(({ name }) => name)).toEqual([
      "a-name-that-is-longer-than-fifteen.o",
      "plain64.o",
    ]);
  });

  it("names the files of a thin archive, also of one that was made of another", async () => {
    expect(await membersOf("thin.a")).toEqual([
      { name: "le64.o", offset: undefined, size: objectBytes("le64.o").length },
      { name: "be32.o", offset: undefined, size: objectBytes("be32.o").length },
    ]);
    expect((await membersOf("nested.a")).map(({ name }) => name)).toEqual(["le64.o", "be32.o", "plain64.o"]);
  });

  it("reads a reference to a long name behind which GNU ar has left a slash", async () => {
    const bytes = objectBytes("thin.a");
    const at = bytes.indexOf("/0              0 ");
    expect(at).toBeGreaterThan(0);
    bytes.write("/", at + 15);
    expect((await readArchive(inMemory(bytes), "thin.a")).map(({ name }) => name)).toEqual(["le64.o", "be32.o"]);
  });

  it("has no member where there is none", async () => {
    expect(await readArchive(inMemory(Buffer.from("!<arch>\n")), "empty.a")).toEqual([]);
  });

  it("says what is wrong with others", async () => {
    await expect(readArchive(inMemory(Buffer.from("\x7fELF")), "x.a")).rejects.toThrow("x.a is no archive");
    const cut = objectBytes("full.a").subarray(0, -10);
    await expect(readArchive(inMemory(cut), "cut.a")).rejects.toMatchObject({ code: "symbols/damaged" });
  });
});
