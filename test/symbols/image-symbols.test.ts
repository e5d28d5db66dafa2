/** Functions by name and address, with the sizes that kallsyms gives them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCallSite, sourceNameOf } from "../../src/model/call-site-text.ts";
import { findFunction } from "../../src/symbols/find-function.ts";
import { type ImageSymbol, ImageSymbols } from "../../src/symbols/image-symbols.ts";

const symbols = (list: readonly ImageSymbol[], end?: bigint) => new ImageSymbols(list, () => end);

const KERNEL = symbols(
  [
    { name: "init_once", address: 0x1000n },
    { name: "open", address: 0x1040n },
    { name: "open_alias", address: 0x1040n },
    { name: "init_once", address: 0x1100n },
    { name: "f.isra.0", address: 0x1180n },
  ],
  0x1200n,
);

function found(text: string, image = KERNEL) {
  const site = parseCallSite(text);
  if (site === undefined || "address" in site) throw new Error(`${text} names no function`);
  const { candidates, sizeFits } = findFunction(image, site);
  return { addresses: candidates.map(({ address }) => address), sizeFits };
}

describe("a call site's text", () => {
  it.each([
    ["tty_open+0x58/0x6e0", { symbol: "tty_open", offset: 0x58, size: 0x6e0, module: undefined }],
    ["f.part.0+0x1/0x2 [nf-x]", { symbol: "f.part.0", offset: 1, size: 2, module: "nf-x" }],
    ["f+0x1/0x2 [fat 0123abcd]", { symbol: "f", offset: 1, size: 2, module: "fat" }],
    ["f+0x1 [fat]", { symbol: "f", offset: 1, size: undefined, module: "fat" }],
    ["c104deff", { address: 0xc104deffn }],
    ["0xffffffffc028d533", { address: 0xffffffffc028d533n }],
    ["", undefined],
    ["f+0x1/", undefined],
  ])("%s", (text, parsed) => {
    expect(parseCallSite(text)).toEqual(parsed);
  });

  it.each([
    ["kfree_skb.part.0", "kfree_skb"],
    ["f.constprop.0.isra.0", "f"],
    ["f.part.0.cold", "f"],
    ["f.llvm.12345", "f"],
    ["parts.list", "parts.list"],
  ])("%s is of %s", (symbol, name) => {
    expect(sourceNameOf(symbol)).toBe(name);
  });
});

describe("a function", () => {
  it.each([
    ["open+0x10/0xc0", [0x1040n], true],
    ["open_alias+0x10/0xc0", [0x1040n], true],
    ["init_once+0x10/0x40", [0x1000n], true],
    ["init_once+0x10/0x80", [0x1100n], true],
    ["init_once+0x10/0x90", [], false],
    ["open+0x10/0x90", [0x1040n], false],
    ["open+0xd0/0x90", [], true],
    ["f+0x10/0x80", [0x1180n], true],
    ["nothing+0x10/0x80", [], true],
  ])("%s is at %s", (text, addresses, sizeFits) => {
    expect(found(text)).toEqual({ addresses, sizeFits });
  });

  it("holds every address from its own to the next symbol's, and no other", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(5000), { minLength: 1, maxLength: 50 }), fc.nat(6000), (starts, address) => {
        const image = symbols(
          starts.map((start) => ({ name: `f${String(start)}`, address: BigInt(start) })),
          5500n,
        );
        const before = starts.filter((start) => start <= address);
        const expected = before.length === 0 || address >= 5500 ? undefined : `f${String(Math.max(...before))}`;
        expect(image.at(BigInt(address))?.name).toBe(expected);
      }),
    );
  });
});
