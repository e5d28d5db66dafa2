import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeLines } from "../support/decode.ts";
import { head } from "../support/trace-text.ts";

// Through the decoder, which is how texts come in: neighbours that share beginnings, ends and lengths.
const site = fc
  .tuple(
    fc.constantFrom("a", "ab", "abc", "abcd", "abcde", "b".repeat(200)),
    fc.nat(40),
    fc.nat(3),
    fc.constantFrom("", " [fat]", " [ext4]"),
  )
  .map(([name, offset, size, module]) => `${name}+0x${offset.toString(16)}/0x${(size + 40).toString(16)}${module}`);

it("gives every text back as it was, whatever others were seen", () => {
  fc.assert(
    fc.property(fc.array(site, { minLength: 1, maxLength: 200 }), (sites) => {
      const lines = sites.map((text) => `${head()}kfree: call_site=${text} ptr=00000000c64b90b6`);
      expect(decodeLines(...lines).events.map((event) => event.callSite)).toEqual(sites);
    }),
    { numRuns: 50 },
  );
});

it("keeps 20,000 call sites apart", () => {
  const sites = Array.from({ length: 20_000 }, (_, i) => `function_${i % 100}+0x${i.toString(16)}/0xffff`);
  const lines = [...sites, ...sites].map((text) => `${head()}kfree: call_site=${text} ptr=00000000c64b90b6`);
  const { events } = decodeLines(...lines);
  expect(events.length).toBe(40_000);
  expect(events.every((event, i) => event.callSite === sites[i % sites.length])).toBe(true);
});
