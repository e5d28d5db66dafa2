import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { KmemtapError } from "../../src/model/errors.ts";
import { readFileChunks } from "../../src/transport/read-file.ts";
import { tempDir } from "../support/temp-dir.ts";

/** What came, and what ended it. A chunk is copied, since it is valid only until the next one. */
async function readAll(path: string): Promise<{ bytes: Buffer; chunks: number; failure: unknown }> {
  const parts: Buffer[] = [];
  try {
    for await (const chunk of readFileChunks(path)) parts.push(Buffer.from(chunk));
    return { bytes: Buffer.concat(parts), chunks: parts.length, failure: undefined };
  } catch (failure) {
    return { bytes: Buffer.concat(parts), chunks: parts.length, failure };
  }
}

function file(content: Uint8Array): string {
  const path = join(tempDir(), "trace");
  writeFileSync(path, content);
  return path;
}

/** Text that does not shrink to nothing. */
const noise = (bytes: number) => {
  let state = 1;
  return Buffer.from(Uint8Array.from({ length: bytes }, () => (state = (state * 48271) % 0x7fffffff) & 0xff)).toString(
    "base64",
  );
};
const TEXT = Buffer.from(noise(1_000_000));

describe("a plain file", () => {
  it("comes whole, in chunks", async () => {
    const { bytes, chunks, failure } = await readAll(file(TEXT));
    expect(failure).toBeUndefined();
    expect(bytes.equals(TEXT)).toBe(true);
    expect(chunks).toBeGreaterThan(1);
  });

  it("may be empty", async () => {
    expect(await readAll(file(Buffer.alloc(0)))).toMatchObject({ chunks: 0, failure: undefined });
  });

  it("may be shorter than the mark of a gzip", async () => {
    expect((await readAll(file(Buffer.from([0x1f])))).bytes).toEqual(Buffer.from([0x1f]));
  });
});

describe("a gzip", () => {
  it("is known by its content, whatever its name", async () => {
    const { bytes, failure } = await readAll(file(gzipSync(TEXT)));
    expect(failure).toBeUndefined();
    expect(bytes.equals(TEXT)).toBe(true);
  });

  it("of nothing is empty", async () => {
    expect(await readAll(file(gzipSync("")))).toMatchObject({ bytes: Buffer.alloc(0), failure: undefined });
  });

  it("may have many members, as `cat a.gz b.gz` makes them", async () => {
    const members = [TEXT.subarray(0, 10), TEXT.subarray(10, 700_000), TEXT.subarray(700_000)];
    const { bytes, failure } = await readAll(file(Buffer.concat(members.map((member) => gzipSync(member)))));
    expect(failure).toBeUndefined();
    expect(bytes.equals(TEXT)).toBe(true);
  });

  it("cut short delivers what was before, then fails", async () => {
    const packed = gzipSync(TEXT);
    const { bytes, failure } = await readAll(file(packed.subarray(0, packed.length >> 1)));
    expect(failure).toMatchObject({ code: "input/unreadable" });
    expect(bytes.length).toBeGreaterThan(TEXT.length / 3);
    expect(bytes.equals(TEXT.subarray(0, bytes.length))).toBe(true);
  });

  it.each([1, 8])("without its last %i bytes delivers all, then fails", async (missing) => {
    const packed = gzipSync(TEXT);
    const { bytes, failure } = await readAll(file(packed.subarray(0, packed.length - missing)));
    expect(failure).toBeInstanceOf(KmemtapError);
    expect(bytes.equals(TEXT)).toBe(true);
  });

  it("damaged in the middle delivers what was before, then fails", async () => {
    const packed = Buffer.from(gzipSync(TEXT));
    packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 64);
    const { bytes, failure } = await readAll(file(packed));
    expect(failure).toBeInstanceOf(KmemtapError);
    expect(bytes.length).toBeGreaterThan(TEXT.length / 3);
    expect(bytes.subarray(0, TEXT.length / 3).equals(TEXT.subarray(0, TEXT.length / 3))).toBe(true);
  });

  it("damaged at its head fails", async () => {
    const packed = Buffer.from(gzipSync(TEXT));
    packed[2] = 99;
    expect(await readAll(file(packed))).toMatchObject({ chunks: 0, failure: { code: "input/unreadable" } });
  });
});

describe("what cannot be read", () => {
  it("a missing file: says so and what to do", async () => {
    const path = join(tempDir(), "none");
    const { failure } = await readAll(path);
    expect(failure).toMatchObject({
      code: "input/missing",
      message: `${path}: no such file`,
      nextStep: "check the path",
      exitCode: 3,
    });
  });

  it("a directory", async () => {
    const path = join(tempDir(), "dir");
    mkdirSync(path);
    expect((await readAll(path)).failure).toMatchObject({
      code: "input/unreadable",
      message: `${path} is a directory`,
    });
  });
});
