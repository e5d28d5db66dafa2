/** A sub-buffer without the records of kmemtap's helpers: all else is as it was, and when it was. */
import { describe, expect, it } from "vitest";
import { DiscardOwn, OwnSpans } from "../../../src/ftrace/raw/discard-own.ts";
import { formatsOf, MACHINES, PageWriter } from "../../support/raw-pages.ts";
import { blob, own, pages, RawBench, stats } from "../../support/raw-stream.ts";

const KALLSYMS = "0000000000100000 T f\n0000000000200000 T end\n";
const HELPER = 77;
/** TRACE_FLAG_HARDIRQ */
const IN_INTERRUPT = 8;

describe.each(MACHINES)("a sub-buffer of $name", (machine) => {
  const { headerPage, formats } = formatsOf(machine);

  function without(page: Buffer): { page: Uint8Array; discarded: number } {
    const spans = new OwnSpans();
    spans.add(HELPER, { fromNs: 0, toNs: Infinity });
    let passed: Uint8Array = page;
    const tap = { blob: () => undefined, page: (_cpu: number, given: Uint8Array) => (passed = given) };
    const discard = new DiscardOwn(tap, spans);
    discard.blob("header_page", headerPage);
    for (const format of formats) discard.blob("format", format);
    discard.page(0, page, machine.little);
    return { page: passed, discarded: discard.discarded };
  }

  function read(page: Uint8Array) {
    const raw = new RawBench().push(
      own("session mode=raw"),
      own(`blob name=kallsyms bytes=${KALLSYMS.length}`, Buffer.from(KALLSYMS)),
      blob("header_page", headerPage),
      ...formats.map((text) => blob("format", text)),
      stats(0, { entries: 100, now: 9e9 }),
      pages(0, page),
    );
    raw.end();
    expect(raw.tally.rejectedLines).toBe(0);
    return { events: raw.events, losses: raw.losses.map(({ events }) => events) };
  }

  const HIS = { pid: HELPER };
  /** Deltas of nothing, as each page's first record has; of all that fits; before time extends and stamps; between records and last. */
  const written = (hasOwn: boolean) => {
    const page = new PageWriter(machine, 1000);
    const his = (delta: number, nth: number) =>
      hasOwn ? page.kmalloc(delta, 0x100001n, BigInt(0x1000 + 8 * nth), 8, 8, HIS) : page;
    his(0, 0);
    page.kmalloc(0, 0x100001n, 0x10n, 8, 8);
    his(7, 1);
    his(0, 2);
    page.kfree(hasOwn ? 3 : 10, 0x100002n, 0x10n);
    his(2 ** 27 - 2, 3);
    if (!hasOwn) page.timeExtend(2 ** 27 - 2);
    page.kmalloc(5, 0x100003n, 0x20n, 8, 8);
    his(4, 4);
    page.timeExtend(hasOwn ? 2 ** 28 : 2 ** 28 + 4);
    page.kmalloc(0, 0x100004n, 0x30n, 8, 8, { pid: HELPER, flags: IN_INTERRUPT });
    his(9, 5);
    page.timeStamp(1e9).kfree(5, 0x100006n, 0x20n);
    his(1, 6);
    page.discarded(hasOwn ? 2 : 3, 12).kfree(1, 0x100007n, 0x30n);
    his(6, 7);
    return page;
  };

  it.each([undefined, null, 7])("is as if they had never been there (lost before it: %s)", (missed) => {
    const { page, discarded } = without(written(true).page(missed));
    expect(discarded).toBe(8);
    expect(read(page)).toEqual(read(written(false).page(missed)));
    expect(read(page).events).toHaveLength(6);
  });

  it("is the same where nothing is theirs", () => {
    const page = written(false).page(7);
    expect(without(page)).toEqual({ page, discarded: 0 });
  });

  it("that is damaged is passed on without a trap", () => {
    const whole = written(true).page(7);
    for (let at = 0; at < 200; at++) {
      const torn = Buffer.from(whole);
      torn[at] ^= 0xff;
      expect(without(torn).page).toHaveLength(whole.length);
    }
  });
});
