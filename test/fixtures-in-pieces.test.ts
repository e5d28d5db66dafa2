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

describe.each(captures)("%s", (_, read) => {
  let text: Uint8Array;
  let whole: Snapshot;

  beforeAll(() => {
    text = read();
    whole = accountOf(text);
  });

  it.each([1, 7, 4096, 65536])("is the same in pieces of %i bytes", (size) => {
    expect(accountOfChunks(inPieces(text, size))).toEqual(whole);
  });
});
