/**
 * The usual lines are read in WebAssembly (assembly/text.ts), all others in TypeScript, which can read any. Whatever the input is, it
 * must not show which way a line took.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bytesOf, type Decoded, type DecodedEvent, decodeChunks, inPieces } from "../support/decode.ts";
import {
  ALLOC_LINE,
  CACHE_ALLOC_LINE,
  CACHE_FREE_LINE,
  FREE_LINE,
  head,
  type HeadFields,
} from "../support/trace-text.ts";
import { TextCore } from "../../src/ftrace/text-core.ts";

/** Lines `[from, from + count)` of a fixture. */
function linesOf(fixture: string, from: number, count: number): string[] {
  const file = join(import.meta.dirname, "..", "..", "fixtures", fixture, "trace.txt.gz");
  return gunzipSync(readFileSync(file))
    .toString("latin1")
    .split("\n")
    .slice(from, from + count);
}

const NULL_FREE_LINE = FREE_LINE.replace("00000000c64b90b6", "0000000000000000");
const WIDE = [
  ALLOC_LINE,
  FREE_LINE,
  CACHE_ALLOC_LINE,
  CACHE_FREE_LINE,
  NULL_FREE_LINE,
  ALLOC_LINE.replace("kmalloc:", "kmalloc_node:"),
  CACHE_ALLOC_LINE.replace("alloc:", "alloc_node:"),
  FREE_LINE + "\r",
];
const NARROW = [...linesOf("6.1-armhf", 3000, 5), FREE_LINE.replace("00000000c64b90b6", "c64b90b6")];

function isSame(a: DecodedEvent, b: DecodedEvent | undefined): boolean {
  const fields = Object.keys(a) as (keyof DecodedEvent)[];
  return b !== undefined && fields.every((field) => a[field] === b[field]);
}

/** Expects both ways to agree; what they say. */
function decodeBothWays(chunks: readonly Uint8Array[]): Decoded {
  const quick = decodeChunks(chunks);
  const other = decodeChunks(chunks, { isQuick: false });
  // The first difference, since all of them would be a long report.
  const at = quick.events.findIndex((event, i) => !isSame(event, other.events[i]));
  expect({ at, event: quick.events[at] }).toEqual({ at: -1, event: other.events[at] });
  expect({ ...quick, events: quick.events.length }).toEqual({ ...other, events: other.events.length });
  return quick;
}

const textOf = (lines: readonly string[]) => bytesOf(lines.map((line) => `${line}\n`).join(""));
const NOISE = ["\0", "\n", "\r", " ", "0", "F", "g", "=", "[", ":", ".", "\x7f"];

describe("a line that is damaged", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Each damaged line behind whole ones of the same kind, which both ways have learned by then. */
  function behindWhole(lines: readonly string[], damage: (line: string) => string[]): Uint8Array {
    return textOf([...lines, ...lines, ...lines.flatMap((line) => damage(line).flatMap((bad) => [bad, line]))]);
  }

  it.each([
    ["wide", WIDE],
    ["narrow", NARROW],
  ])("is read the same, whichever byte is another or missing: %s pointers", (_, lines) => {
    const places = (line: string) => Array.from(line, (_char, at) => at);
    const bytes = behindWhole(lines, (line) =>
      places(line).flatMap((at) => {
        const [before, char, after] = [line.slice(0, at), line.charCodeAt(at), line.slice(at + 1)];
        const others = [char ^ 1, char ^ 0x20, char ^ 0x80].map((code) => String.fromCharCode(code));
        return ["", ...NOISE, ...others].map((other) => before + other + after);
      }),
    );
    const learned = vi.spyOn(TextCore.prototype, "learn");
    const { events } = decodeBothWays([bytes]);
    // More than half of the lines are whole, and were not looked at here.
    expect(learned.mock.calls.length).toBeGreaterThan(100);
    expect(events.length).toBeGreaterThan(10_000);
  });

  it("is read the same, whatever is put into it", () => {
    const bytes = behindWhole(WIDE, (line) =>
      Array.from(line).flatMap((_char, at) =>
        ["\n", " ", "0", "[    1.5] log", " node=0", " ptr="].map(
          (noise) => line.slice(0, at) + noise + line.slice(at),
        ),
      ),
    );
    decodeBothWays([bytes]);
  });

  it("is read the same, whichever event it names", () => {
    const names = ["kmalloc", "kmalloc_node", "kmem_cache_alloc", "kmem_cache_alloc_node", "kfree", "kmem_cache_free"];
    const bytes = behindWhole(WIDE, (line) =>
      names.map((name) => line.replace(/k\w+: call_site/, `${name}: call_site`)),
    );
    const { lines } = decodeBothWays([bytes]);
    expect(lines.badField).toBeGreaterThan(5);
  });

  it("is read the same, wherever the rest of another line follows its beginning", () => {
    const bytes = behindWhole(WIDE, (line) =>
      Array.from(line).flatMap((_char, at) =>
        WIDE.flatMap((other) => [at - 9, at, at + 7].map((from) => line.slice(0, at) + other.slice(Math.max(0, from)))),
      ),
    );
    decodeBothWays([bytes]);
  });
});

describe("a head that no line had before", () => {
  const headsOf = (fields: readonly HeadFields[]) =>
    fields.map((some) => FREE_LINE.replace(/^.*?(?=kfree:)/, head({ pid: 1000, ...some })));
  const EACH: readonly HeadFields[] = [
    ...[0, 65535, 65536, 4294967297, 99999999999].map((cpu) => ({ cpu })),
    ...["", "d", "dN.2.b", "dN.2.bcd", "dN.2.bcde", "dN.2.bcdefgh", ".\0...", "1234567"].map((flags) => ({ flags })),
    ...["    42", "-----", ""].map((tgid) => ({ tgid })),
    ...["", "a b c", "x: kfree: ptr=", "[000] ....", "ä\x1b[1m"].map((comm) => ({ comm })),
    ...[0, 4194304, 12345678901].map((pid) => ({ pid })),
  ];

  it("is read the same", () => {
    const known = Array.from({ length: 4 }, () => FREE_LINE);
    const { events } = decodeBothWays([textOf([...known, ...headsOf(EACH), ...known])]);
    expect(events.length).toBeGreaterThan(EACH.length / 2);
  });

  it("goes no other way", () => {
    const learn = vi.spyOn(TextCore.prototype, "learn");
    const lines = headsOf(Array.from({ length: 500 }, (_, pid) => ({ pid: pid + 1, comm: "cat", flags: "dN.2." })));
    expect(decodeChunks([textOf(lines)]).events).toHaveLength(500);
    expect(learn.mock.calls.length).toBeLessThan(10);
    vi.restoreAllMocks();
  });
});

describe("a trace", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(["5.10-amd64", "6.1-amd64", "6.1-arm64", "6.1-armhf", "6.12-amd64", "7.2-amd64"])(
    "of %s is read the same in any chunks, nearly all of it in WebAssembly",
    (fixture) => {
      const lines = linesOf(fixture, 0, 6000);
      const learn = vi.spyOn(TextCore.prototype, "learn");
      const { events } = decodeBothWays([textOf(lines)]);
      // Those of the way that compares count, too.
      expect(learn.mock.calls.length - events.length).toBeLessThan(events.length / 4);
      decodeBothWays(Array.from(inPieces(textOf(lines.slice(0, 1000)), 777), (piece) => Uint8Array.from(piece)));
    },
  );

  it("is read the same with any damage, in any chunks", () => {
    const corpus = [...WIDE, ...linesOf("7.2-amd64", 5000, 60), ...linesOf("6.1-amd64", 2000, 60)];
    const others = ["CPU:1 [LOST 12 EVENTS]", "# tracer: nop", "/ # ", "[    2.5] log", "@kmemtap n p1 x ~12", ""];
    const line = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...corpus) },
      { weight: 1, arbitrary: fc.constantFrom(...others) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom(...corpus), fc.nat(200), fc.nat(12), fc.constantFrom("", ...NOISE, ...others))
          .map(([text, at, lost, noise]) => text.slice(0, at) + noise + text.slice(at + lost)),
      },
    );
    const input = fc.array(line, { minLength: 50, maxLength: 300, size: "max" });
    fc.assert(
      fc.property(input, fc.array(fc.nat(4000), { maxLength: 12 }), (lines, sizes) => {
        const bytes = textOf([...corpus, ...lines]);
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) chunks.push(bytes.slice(at, (at += size)));
        decodeBothWays(chunks);
      }),
      { numRuns: 60 },
    );
  });

  it("is read the same however long its heads, call sites and endings are", () => {
    const lines = [0, 1, 10, 30, 60, 64, 100, 120, 170, 300, 760].flatMap((more) => {
      const long = "x".repeat(more);
      return [
        ALLOC_LINE.replace("tty_open", `tty_open${long}`),
        ALLOC_LINE.replace("GFP_KERNEL", `GFP_${long}`),
        CACHE_ALLOC_LINE.replace("name=", `name=${long}`),
        CACHE_FREE_LINE.replace("name=", `name=${long}`),
        FREE_LINE.replace("[001]", `${" ".repeat(more)}[001]`),
        FREE_LINE.replace("2.300000", `${"1".repeat(more % 20)}2.300000`),
        ALLOC_LINE.replace("=3000", `=${"0".repeat(more % 25)}3000`),
        ALLOC_LINE.replace("=4096", `=${"0".repeat(more % 25)}123456789`),
      ];
    });
    const { events } = decodeBothWays([textOf([...lines, ...lines, ...lines])]);
    expect(events.length).toBeGreaterThan(150);
  });

  it("of more call sites than there is room for at first is read the same", () => {
    const lines = Array.from({ length: 3000 }, (_, i) => ALLOC_LINE.replace("tty_open+", `function_${i}+`));
    const learn = vi.spyOn(TextCore.prototype, "learn");
    expect(decodeBothWays([textOf([...lines, ...lines])]).events).toHaveLength(6000);
    // Once each, and by the other way each time.
    expect(learn.mock.calls.length).toBeLessThan(3000 + 6000 + 100);
  });
});
