import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LedgerCore } from "../../src/accounting/ledger-core.ts";

type Operation = readonly ["set", number, number, number] | readonly ["delete", number, number];

const newTable = () => new LedgerCore(0, Infinity);
const key = (low: number, high: number) => `${high}:${low}`;

/** Runs the operations on the table and on a Map; every answer must be the same. */
function agree(operations: Iterable<Operation>): void {
  const table = newTable();
  const model = new Map<string, number>();
  for (const operation of operations) {
    const [name, low, high] = operation;
    const held = model.get(key(low, high)) ?? -1;
    if (name === "set") {
      expect(table.set(low, high, operation[3])).toBe(held);
      model.set(key(low, high), operation[3]);
    } else {
      expect(table.take(low, high)).toBe(held);
      model.delete(key(low, high));
    }
    expect(table.size).toBe(model.size);
  }
  for (const [pointer, value] of model) {
    const [high, low] = pointer.split(":").map(Number);
    expect(table.take(low, high)).toBe(value);
  }
  expect(table.size).toBe(0);
}

const word = fc.nat(0xffffffff);
const value = fc.nat(0x7ffffffe);
function operations(low: fc.Arbitrary<number>, high: fc.Arbitrary<number>): fc.Arbitrary<Operation[]> {
  const set = fc.tuple(fc.constant("set" as const), low, high, value);
  const remove = fc.tuple(fc.constant("delete" as const), low, high);
  return fc.array(fc.oneof({ weight: 3, arbitrary: set }, { weight: 2, arbitrary: remove }), { maxLength: 400 });
}

describe("the table of live objects", () => {
  it("answers as a Map for any pointers", () => {
    fc.assert(fc.property(operations(word, word), agree), { numRuns: 60 });
  });

  it("answers as a Map for few pointers, set and deleted over and over", () => {
    fc.assert(fc.property(operations(fc.nat(20), fc.nat(2)), agree), { numRuns: 100 });
  });

  it("answers as a Map for the pointers of a slab: neighbours at one stride", () => {
    const slab = fc.nat(300).map((i) => (0xc15c0000 + i * 64) >>> 0);
    fc.assert(fc.property(operations(slab, fc.constant(0xffff8f52)), agree), { numRuns: 60 });
  });

  it("answers as a Map for pointers of more regions than a line can number, as those of a machine of 16 TiB", () => {
    const region = fc.nat(600).map((i) => (0xffff8880 + i * 8) >>> 0);
    const many = fc.array(
      operations(
        fc.nat(3).map((i) => i * 64),
        region,
      ),
      { minLength: 6, maxLength: 6 },
    );
    fc.assert(
      fc.property(many, (lists) => agree(lists.flat())),
      { numRuns: 30 },
    );
  });

  it("lists the pointers that no line can number, too", () => {
    const table = newTable();
    const count = 3000;
    for (let i = 0; i < count; i++) table.set(i + 1, i * 8, i);
    for (let i = 0; i < count; i += 2) table.take(i + 1, i * 8);
    const listed = new Map<number, string>();
    table.forEach((low, high, held) => listed.set(held, key(low, high)));
    expect(listed.size).toBe(count / 2);
    for (const [i, pointer] of listed) expect(pointer).toBe(key(i + 1, i * 8));
    expect(table.size).toBe(count / 2);
  });

  it("tells pointers apart that share a half", () => {
    const table = newTable();
    table.set(1, 2, 12);
    table.set(2, 1, 21);
    table.set(1, 1, 11);
    expect([table.take(1, 2), table.take(2, 1), table.take(1, 1)]).toEqual([12, 21, 11]);
  });

  it("keeps the null pointer and all ones like any other, and values up to 2^31 - 2", () => {
    const table = newTable();
    table.set(0, 0, 0);
    table.set(0xffffffff, 0xffffffff, 0x7ffffffe);
    expect(table.size).toBe(2);
    expect(table.take(0, 0)).toBe(0);
    expect(table.take(0xffffffff, 0xffffffff)).toBe(0x7ffffffe);
  });

  it("holds 200,000 pointers of one slab, forgets every other one, and still knows the rest", () => {
    const count = 200_000;
    const table = newTable();
    const low = (i: number) => (i * 64) >>> 0;
    for (let i = 0; i < count; i++) if (table.set(low(i), 0xffff8f52, i) !== -1) expect.fail(`${i} was there already`);
    expect(table.size).toBe(count);
    for (let i = 0; i < count; i += 2) if (table.take(low(i), 0xffff8f52) !== i) expect.fail(`${i} was lost`);
    for (let i = 0; i < count; i += 2) if (table.take(low(i), 0xffff8f52) !== -1) expect.fail(`${i} is still there`);
    for (let i = 1; i < count; i += 2) if (table.set(low(i), 0xffff8f52, i + 1) !== i) expect.fail(`${i} was lost`);
    expect(table.size).toBe(count / 2);
  });

  it("lists what it holds, each pointer once", () => {
    const table = newTable();
    const expected = new Map<string, number>();
    for (let i = 0; i < 30_000; i++) {
      table.set(i * 8, i % 3, i);
      if (i % 2 === 0) table.take(i * 8, i % 3);
      else expected.set(key(i * 8, i % 3), i);
    }
    const listed = new Map<string, number>();
    table.forEach((low, high, held) => listed.set(key(low, high), held));
    expect(listed.size).toBe(15_000);
    expect(listed).toEqual(expected);
    const again: number[] = [];
    table.forEach((_low, _high, held) => again.push(held));
    expect(again).toHaveLength(15_000);
  });

  it("does not grow when pointers come and go", () => {
    const table = newTable();
    for (let i = 0; i < 1000; i++) table.set(i * 64, 0, i);
    const { byteLength } = table;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 1000; i++) table.take(i * 64, 0);
      for (let i = 0; i < 1000; i++) table.set(i * 64, 0, i);
    }
    expect(table.byteLength).toBe(byteLength);
  });
});
