/** When a snapshot says `exact`, from the text on. */
import { expect, it } from "vitest";
import { accountOf, accountOfLines } from "../support/account.ts";
import { alloc, ALLOC_LINE, FREE_LINE, free, head } from "../support/trace-text.ts";

it.each<[string, string[]]>([
  ["nothing wrong", [ALLOC_LINE, FREE_LINE]],
  ["unmatched frees", [FREE_LINE, FREE_LINE]],
  ["implied frees", [ALLOC_LINE, ALLOC_LINE]],
  [
    "frees of NULL and failed allocations",
    [head() + free({ ptr: "0000000000000000" }), head() + alloc({ ptr: "  (null)" })],
  ],
  ["a header that says all is there", ["# tracer: nop", "# entries-in-buffer/entries-written: 10458/10458   #P:1"]],
  [
    "other events, comments, log lines, a shell",
    [`${head()}sched_yield: x`, "#", "[    3.1] random: crng init done", "/ # ls", ""],
  ],
])("%s: exact", (_, lines) => {
  expect(accountOfLines(lines).exact).toBe(true);
});

it.each<[string, string[]]>([
  ["a LOST line", [ALLOC_LINE, "CPU:0 [LOST 157 EVENTS]"]],
  ["a LOST line without a number", ["CPU:0 [LOST EVENTS]"]],
  ["a header that says that events were overwritten", ["# entries-in-buffer/entries-written: 1342/63023   #P:1"]],
  ["a trace line that does not read", [head() + alloc({ ptr: "hello" })]],
  ["a hidden pointer", [head() + alloc({ ptr: "(____ptrval____)" })]],
  ["a trace line without its head", [FREE_LINE.slice(30)]],
  ["a head without its event", [ALLOC_LINE.slice(0, 35)]],
  ["a line too long to be one", ["x".repeat(70_000)]],
])("%s: not exact", (_, lines) => {
  expect(accountOfLines(lines).exact).toBe(false);
});

it("sums that no number holds: said, and not exact", () => {
  const half = (ptr: string, bytes: number) => head() + alloc({ ptr, req: bytes, alloc: bytes });
  const most = Number.MAX_SAFE_INTEGER;
  const largest = [half("0000000000000010", most - 4096), half("0000000000000020", 4096)];
  expect(accountOfLines(largest)).toMatchObject({ exact: true, totals: { totalBytes: most } });
  const { exact, loss } = accountOfLines([...largest, half("0000000000000030", 8)]);
  expect(exact).toBe(false);
  expect(loss.damagedInput).toEqual([
    "sizes add up to more than 9007199254740991 bytes, beyond which sums are rounded",
  ]);
});

it("a last line that was cut in its fields: the end, exact up to there, and its event does not count", () => {
  const snapshot = accountOf(`${FREE_LINE}\n${ALLOC_LINE.slice(0, ALLOC_LINE.indexOf(" bytes_alloc"))}`);
  expect(snapshot).toMatchObject({ exact: true, totals: { allocs: 0 }, loss: { rejected: 0 } });
});

it("input = events + ignored + rejected, by count and by reason, to the byte", () => {
  const lines = [
    ALLOC_LINE,
    FREE_LINE,
    "#",
    "",
    head() + free({ ptr: "(nil)" }),
    head() + alloc({ ptr: "hello" }),
    "login: ",
  ];
  const { input, loss } = accountOfLines(lines);
  expect(input.bytes).toBe(lines.reduce((sum, line) => sum + line.length + 1, 0));
  expect(input.events).toEqual({ lines: 2, bytes: ALLOC_LINE.length + FREE_LINE.length + 2 });
  expect(input.ignored).toMatchObject({
    comment: { lines: 1, bytes: 2 },
    blank: { lines: 1, bytes: 1 },
    nullFree: { lines: 1 },
    foreign: { lines: 1 },
  });
  expect(input.rejected).toMatchObject({ badField: { lines: 1, bytes: lines[5].length + 1 } });
  expect(loss.rejected).toBe(1);
  const all = [input.events, ...Object.values(input.ignored), ...Object.values(input.rejected)];
  expect(all.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(input.bytes);
  expect(all.reduce((sum, part) => sum + part.lines, 0)).toBe(lines.length);
});
