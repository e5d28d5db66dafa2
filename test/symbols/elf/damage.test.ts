/** Whatever bytes a file has: it is read, or it is an error that says what to do. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KmemtapError } from "../../../src/model/errors.ts";
import { readArchive } from "../../../src/symbols/elf/archive.ts";
import { readBuildId } from "../../../src/symbols/elf/build-id.ts";
import { readRelease } from "../../../src/symbols/elf/kernel-release.ts";
import { readElf } from "../../../src/symbols/elf/read-elf.ts";
import { readSymbols } from "../../../src/symbols/elf/read-symbols.ts";
import { inMemory, objectBytes, OBJECTS } from "../../support/elf-objects.ts";

const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
const ARCHIVES = ["full.a", "long.a", "thin.a", "nested.a"];

async function outcome(read: () => Promise<unknown>): Promise<"read" | "refused"> {
  try {
    await read();
    return "read";
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(KmemtapError);
    expect((thrown as KmemtapError).nextStep).toBeDefined();
    return "refused";
  }
}

async function readAll(bytes: Uint8Array): Promise<void> {
  const elf = await readElf(inMemory(bytes), "x");
  await readSymbols(elf);
  await readBuildId(elf);
  await readRelease(elf);
}

function flipped(bytes: Buffer, changes: readonly (readonly [number, number])[], end: number): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, value] of changes) copy[at % copy.length] = value;
  return copy.subarray(0, end);
}

describe("a damaged file", () => {
  it.each(OBJECTS)("is refused or read, and never stops the reader: %s", async (name) => {
    const whole = objectBytes(name);
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(whole.length), async (changes, lost) => {
        await outcome(() => readAll(flipped(whole, changes, whole.length - lost)));
      }),
      { numRuns: 300 },
    );
  });

  it.each(ARCHIVES)("is refused or read as an archive: %s", async (name) => {
    const whole = objectBytes(name);
    await fc.assert(
      fc.asyncProperty(flips, fc.nat(whole.length), async (changes, lost) => {
        await outcome(() => readArchive(inMemory(flipped(whole, changes, whole.length - lost)), "x.a"));
      }),
      { numRuns: 300 },
    );
  });

  it.each(OBJECTS)("is refused where it was cut: %s", async (name) => {
    const whole = objectBytes(name);
    // The table of sections is at the end of what as and ld write.
    for (const end of [0, 3, 15, 40, whole.length >> 1, whole.length - 1])
      expect(await outcome(() => readAll(whole.subarray(0, end)))).toBe("refused");
  });

  it("is refused where all its symbols have one long name", async () => {
    const whole = objectBytes("le64.o");
    const zeroes = whole.indexOf("small.c\0");
    whole.fill(0x61, zeroes);
    expect(await outcome(() => readAll(whole))).toBe("refused");
  });
});
