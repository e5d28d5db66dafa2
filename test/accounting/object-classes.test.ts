import fc from "fast-check";
import { expect, it } from "vitest";
import { LedgerCore } from "../../src/accounting/ledger-core.ts";
import { CLASS, classAt } from "../../src/accounting/object-classes.ts";

it("gives the same (call site, sizes, kind) the same class, and any other another", () => {
  const number = fc.oneof(fc.nat(4), fc.nat(0xffffffff), fc.constant(Number.MAX_SAFE_INTEGER), fc.constant(2 ** 64));
  const fields = fc.tuple(fc.nat(5000), number, number, fc.nat(1));
  fc.assert(
    fc.property(fc.array(fields, { maxLength: 300 }), (objects) => {
      const core = new LedgerCore(0, Infinity);
      core.prepare(5001, 0);
      const known = new Map<string, number>();
      for (const object of [...objects, ...objects]) {
        const id = core.classOf(...object);
        const key = object.join();
        expect(id).toBe(known.get(key) ?? known.size);
        known.set(key, id);
        expect([...core.classes.slice(classAt(id), classAt(id) + CLASS)]).toEqual(object);
      }
      expect(core.classCount).toBe(known.size);
    }),
    { numRuns: 60 },
  );
});

it("grows: 50,000 classes keep their ids", () => {
  const core = new LedgerCore(0, Infinity);
  core.prepare(7, 0);
  for (let i = 0; i < 50_000; i++) if (core.classOf(i % 7, i, i * 2, 0) !== i) expect.fail(`class ${i} is not new`);
  for (let i = 0; i < 50_000; i++) if (core.classOf(i % 7, i, i * 2, 0) !== i) expect.fail(`class ${i} was lost`);
  expect(core.classCount).toBe(50_000);
});
