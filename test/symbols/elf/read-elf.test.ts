/** The reader beside binutils, on small files of each class and byte order. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { readBuildId } from "../../../src/symbols/elf/build-id.ts";
import type { ElfFile } from "../../../src/symbols/elf/elf-file.ts";
import { readRelease } from "../../../src/symbols/elf/kernel-release.ts";
import { readElf } from "../../../src/symbols/elf/read-elf.ts";
import { readSymbols } from "../../../src/symbols/elf/read-symbols.ts";
import { inMemory, objectBytes, objectPath, OBJECTS } from "../../support/elf-objects.ts";

const hasBinutils = spawnSync("readelf", ["--version"]).status === 0;

function open(name: string): Promise<ElfFile> {
  return readElf(inMemory(objectBytes(name)), name);
}

function readelf(option: string, name: string): string {
  const { stdout, status } = spawnSync("readelf", ["-W", option, objectPath(name)], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout;
}

describe("readElf", () => {
  it.each([
    ["le64.o", 64, true, "relocatable"],
    ["le32.o", 32, true, "relocatable"],
    ["be64.o", 64, false, "relocatable"],
    ["be32.o", 32, false, "relocatable"],
    ["linked.elf", 64, true, "executable"],
  ])("knows the kind of %s", async (name, bits, littleEndian, type) => {
    expect(await open(name)).toMatchObject({ bits, littleEndian, type });
  });

  it.skipIf(!hasBinutils).each(OBJECTS)("finds the sections of %s that readelf finds", async (name) => {
    const ours = (await open(name)).sections.map(({ index, name: named, address, offset, size, link, info, align }) => [
      `[${String(index)}]`,
      named,
      address,
      offset,
      size,
      link,
      info,
      align,
    ]);
    const theirs = [...readelf("-S", name).matchAll(SECTION_LINE)].map(
      ([, index, named, address, offset, size, , link, info, align]) => [
        `[${index.trim()}]`,
        named.trim(),
        BigInt(`0x${address}`),
        parseInt(offset, 16),
        parseInt(size, 16),
        Number(link),
        Number(info),
        Number(align),
      ],
    );
    expect(theirs.length).toBeGreaterThan(5);
    expect(ours).toEqual(theirs);
  });

  it.skipIf(!hasBinutils).each(OBJECTS)("finds the symbols of %s that readelf finds", async (name) => {
    const elf = await open(name);
    const ours = (await readSymbols(elf)).map((symbol) => ({
      ...symbol,
      // readelf names a section's symbol for its section.
      name: symbol.type === "section" ? elf.sections[Number(symbol.section)].name : symbol.name,
    }));
    const theirs = [...readelf("-s", name).matchAll(SYMBOL_LINE)]
      .map(([, value, size, type, bind, section, named]) => ({
        name: named.trim(),
        value: BigInt(`0x${value}`),
        size: Number(size),
        type: type.toLowerCase(),
        bind: bind.toLowerCase(),
        section: PLACES[section] ?? Number(section),
      }))
      .slice(1);
    expect(theirs.length).toBeGreaterThan(4);
    expect(ours).toEqual(theirs);
  });

  it("says what file is none", async () => {
    const failure = readElf(inMemory(Buffer.from("#!/bin/sh\nexit 0\n")), "script");
    await expect(failure).rejects.toMatchObject({
      code: "symbols/not-elf",
      nextStep: expect.stringContaining("vmlinux") as string,
    });
    await expect(readElf(inMemory(new Uint8Array(0)), "nothing")).rejects.toThrow(
      "nothing is no ELF file: it is empty",
    );
  });
});

describe("the notes and the release", () => {
  it.skipIf(!hasBinutils)("are those that readelf and uname say", async () => {
    const elf = await open("linked.elf");
    expect(await readBuildId(elf)).toBe(/Build ID: ([0-9a-f]{40})/.exec(readelf("-n", "linked.elf"))?.[1]);
    expect(await readRelease(elf)).toBe("6.1.0-test");
  });

  it("are unknown where the file has none", async () => {
    const elf = await open("be32.o");
    expect(await readBuildId(elf)).toBeUndefined();
    expect(await readRelease(elf)).toBeUndefined();
  });
});

/** `  [ 1] .text PROGBITS 0000000000000000 000040 000077 00  AX  0   0 16` */
const SECTION_LINE =
  /^ +\[ *(\d+)\] (.{17,}?) +(?:[A-Z][A-Z0-9_]+) +([0-9a-f]{8,16}) ([0-9a-f]{6}) ([0-9a-f]{6}) [0-9a-f]{2} +([A-Zxolp]*) +(\d+) +(\d+) +(\d+)$/gm;
/** `     1: 0000000000000000     0 FILE    LOCAL  DEFAULT  ABS small.c` */
const SYMBOL_LINE = /^ +\d+: ([0-9a-f]{8,16}) +(\d+) (\w+) +(\w+) +\w+ +(\w+) ?(.*)$/gm;
const PLACES: Readonly<Record<string, string>> = { UND: "undefined", ABS: "absolute", COM: "common" };
