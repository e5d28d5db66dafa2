/** Recordings: written behind a capture's back, read up to and past damage. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameKind, isRecording } from "../../../src/transport/recording/frames.ts";
import { readRecording } from "../../../src/transport/recording/read-recording.ts";
import { writeRecording } from "../../../src/transport/recording/write-recording.ts";
import { tempDir } from "../../support/temp-dir.ts";

const RUN = '{"label":"a board"}';

/** What a recording reads as: the chunks' texts, and the damage. */
async function readAll(path: string): Promise<{ chunks: string[]; damage: string[] }> {
  const chunks: string[] = [];
  const damage: string[] = [];
  for await (const item of readRecording(path)) {
    if ("damage" in item) damage.push(item.damage);
    else chunks.push(`${String.fromCharCode(item.kind)}${Buffer.from(item.bytes).toString("latin1")}`);
  }
  return { chunks, damage };
}

/** A recording of three blocks. */
async function threeBlocks(): Promise<{ path: string; bytes: Buffer; blocks: number[] }> {
  const path = join(tempDir(), "three.kmemtap");
  const writer = await writeRecording(path);
  writer.add(FrameKind.run, Buffer.from(RUN));
  // A block is written at a megabyte.
  for (let block = 0; block < 2; block++) writer.add(FrameKind.chunk, Buffer.alloc(1 << 20, `block ${block}`));
  writer.add(FrameKind.chunk, Buffer.from("the last"));
  await writer.close();
  const bytes = readFileSync(path);
  const blocks: number[] = [];
  for (let at = bytes.indexOf("KMTB"); at >= 0; at = bytes.indexOf("KMTB", at + 1)) blocks.push(at);
  return { path, bytes, blocks };
}

describe("a recording", () => {
  it("reads as it was written", async () => {
    const { path, bytes, blocks } = await threeBlocks();
    expect(isRecording(bytes)).toBe(true);
    expect(blocks).toHaveLength(3);
    const { chunks, damage } = await readAll(path);
    expect(damage).toEqual([]);
    expect(chunks.map((chunk) => [chunk.slice(0, 9), chunk.length])).toEqual([
      [`r${RUN}`.slice(0, 9), RUN.length + 1],
      ["cblock 0b", (1 << 20) + 1],
      ["cblock 1b", (1 << 20) + 1],
      ["cthe last", 9],
    ]);
  });

  it("that was cut at any byte of its last block reads up to the block before, and says so", async () => {
    const { path, bytes, blocks } = await threeBlocks();
    for (let end = blocks[2]; end < bytes.length; end++) {
      writeFileSync(path, bytes.subarray(0, end));
      const { chunks, damage } = await readAll(path);
      expect(chunks).toHaveLength(3);
      expect(damage).toHaveLength(1);
      expect(damage[0]).toMatch(/cut/);
    }
  });

  it("with a flipped bit anywhere loses that block, names it, and reads the others", async () => {
    const { path, bytes, blocks } = await threeBlocks();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: blocks[0], max: bytes.length - 1 }), fc.nat(7), async (at, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[at] ^= 1 << bit;
        writeFileSync(path, flipped);
        const { chunks, damage } = await readAll(path);
        const block = blocks.filter((begin) => begin <= at).length - 1;
        expect(damage[0]).toContain(`block at byte ${blocks[block]}: `);
        expect(chunks).toHaveLength([2, 3, 3][block]);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ["run", "{}"],
    ["run", "{"],
    ["run", '{"label":"x","agent":{"nonce":"x","plan":{"mode":"raw","reason":"","options":[],"facts":{}}}}'],
    ["side", '{"writer":"p","seq":1,"type":"stats"}'],
    ["side", "null"],
    ["phase", '{"kind":"begin","timeNs":1}'],
    ["outcome", "[]"],
    ["dropped", "1234567"],
  ] as const)("whose checksums are right and whose %s is %s has damage there, and reads on", async (kind, text) => {
    const path = join(tempDir(), "odd.kmemtap");
    const writer = await writeRecording(path);
    writer.add(FrameKind.run, Buffer.from(RUN));
    writer.add(FrameKind[kind], Buffer.from(text));
    writer.add(FrameKind.chunk, Buffer.from("behind"));
    await writer.close();
    const { chunks, damage } = await readAll(path);
    expect(chunks).toEqual([`r${RUN}`, "cbehind"]);
    expect(damage).toEqual([expect.stringMatching(/^block at byte 8: .* cannot be read$/)]);
  });

  it("of a disk that is full counts what it lacks, and holds nobody up", async () => {
    const writer = await writeRecording(join(tempDir(), "x")).then(async (made) => {
      await made.close();
      return made;
    });
    // Its file is closed: nothing can be written any more.
    for (let i = 0; i < 200; i++) writer.add(FrameKind.chunk, Buffer.alloc(1 << 20));
    await new Promise((resolve) => setTimeout(resolve, 200));
    writer.add(FrameKind.chunk, Buffer.alloc(1 << 20));
    expect(writer.failure).toBeDefined();
    expect(writer.droppedBytes).toBeGreaterThan(190 << 20);
  });

  it("is never written over, and leaves no file where nothing was recorded", async () => {
    const { path } = await threeBlocks();
    await expect(writeRecording(path)).rejects.toThrow(/it exists/);
    const empty = join(tempDir(), "empty");
    await (await writeRecording(empty)).close();
    expect(() => statSync(empty)).toThrow(/ENOENT/);
  });
});
