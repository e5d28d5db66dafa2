/** Real captures of every age, read in small pieces and large: the account is that of the whole, to the last figure. */
import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Snapshot } from "../src/model/snapshot.ts";
import { accountOf, accountOfChunks } from "./support/account.ts";
import { inPieces } from "./support/decode.ts";
import { fixtureNames, readFixture, readSlabLog, SLAB_COMPARE } from "./support/recordings.ts";

const captures: [string, () => Uint8Array][] = fixtureNames().map((name) => [name, () => readFixture(name).text]);
// Whether they must be here is fixtures.test.ts's to say.
if (existsSync(SLAB_COMPARE)) {
  for (const allocator of ["SLAB", "SLOB", "SLUB"])
    captures.push([`${allocator} of 2012`, () => readSlabLog(allocator)]);
}

/** Larger captures are read byte by byte up to here, which keeps the tests short. */
const BYTE_BY_BYTE = 1_600_000;

describe.each(captures)("%s", (_, read) => {
  let text: Uint8Array;
  let whole: Snapshot;

  beforeAll(() => {
    text = read();
    whole = accountOf(text);
  });

  it.each([7, 4096, 65536])("is the same in pieces of %i bytes", (size) => {
    expect(accountOfChunks(inPieces(text, size))).toEqual(whole);
  });

  it("is the same byte by byte", () => {
    const excerpt = text.subarray(0, BYTE_BY_BYTE);
    expect(accountOfChunks(inPieces(excerpt, 1))).toEqual(accountOf(excerpt));
  });
});
