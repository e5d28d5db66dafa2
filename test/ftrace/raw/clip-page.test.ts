/** A part of a sub-buffer, read again: what a decoder finds in it is what it finds of that time in all of it. */
import { describe, expect, it } from "vitest";
import { clipPage } from "../../../src/ftrace/raw/clip-page.ts";
import { parsePageFormat } from "../../../src/ftrace/raw/event-format.ts";
import { formatsOf, MACHINES, PageWriter } from "../../support/raw-pages.ts";
import { blob, own, pages, RawBench, stats } from "../../support/raw-stream.ts";

const KALLSYMS = "0000000000100000 T f\n0000000000200000 T end\n";

describe.each(MACHINES)("a clipped sub-buffer of $name", (machine) => {
  const { headerPage, formats } = formatsOf(machine);
  const format = parsePageFormat(headerPage);
  if (format === undefined) throw new Error("the format can be read");

  const eventsOf = (page: Uint8Array | undefined) => {
    const raw = new RawBench().push(
      own("session mode=raw"),
      own(`blob name=kallsyms bytes=${KALLSYMS.length}`, Buffer.from(KALLSYMS)),
      blob("header_page", headerPage),
      ...formats.map((text) => blob("format", text)),
      stats(0, { entries: 100, now: 9e6 }),
      ...(page === undefined ? [] : [pages(0, page)]),
    );
    raw.end();
    expect(raw.tally.rejectedLines).toBe(0);
    return { events: raw.events, losses: raw.losses.map(({ events }) => events) };
  };
  /** At 1000, 1010, 1040, 1040 + 2^28, the same, 1 s + 5, 1 s + 6. */
  const page = (missed?: number | null) =>
    new PageWriter(machine, 1000)
      .kmalloc(0, 0x100001n, 0x10n, 8, 8)
      .other(4)
      .kfree(6, 0x100002n, 0x10n)
      .discarded(10, 12)
      .long(5, 60)
      .kmalloc(15, 0x100003n, 0x20n, 8, 8)
      .timeExtend(2 ** 28)
      .kmalloc(0, 0x100004n, 0x30n, 8, 8)
      .kmalloc(0, 0x100005n, 0x40n, 8, 8)
      .timeStamp(1e9)
      .kfree(5, 0x100006n, 0x20n)
      .kfree(1, 0x100007n, 0x30n)
      .nothing(40)
      .page(missed);
  const all = eventsOf(page()).events;
  const timeOf = (event: string) => Number(event.split(" ").at(-1));

  it.each([0, 999, 1000, 1001, 1010, 1039, 1040, 1041, 2 ** 28 + 1040, 2 ** 28 + 1041, 1e9 + 5, 1e9 + 6, 1e9 + 7])(
    "from %s on, has what was then",
    (fromNs) => {
      expect(all).toHaveLength(7);
      for (const toNs of [fromNs, fromNs + 1, 1000, 1011, 2 ** 28 + 1040, 2 ** 28 + 1041, 1e9 + 6, 1e9 + 7, Infinity]) {
        const clipped = clipPage(page(), format, machine.little, { fromNs, toNs });
        expect(eventsOf(clipped).events).toEqual(
          all.filter((event) => timeOf(event) >= fromNs && timeOf(event) < toNs),
        );
      }
    },
  );

  it("is the same where nothing is outside", () => {
    const whole = page(7);
    expect(clipPage(whole, format, machine.little, { fromNs: 0, toNs: Infinity })).toBe(whole);
  });

  it("says what was lost before it where its first record is in it", () => {
    for (const missed of [7, null]) {
      const losses = (fromNs: number, toNs: number) =>
        eventsOf(clipPage(page(missed), format, machine.little, { fromNs, toNs })).losses;
      expect(losses(1000, 1010)).toHaveLength(1);
      expect(losses(1000, 1010)).toEqual(losses(0, Infinity));
      expect(losses(1001, 2e9)).toEqual([]);
    }
  });

  it("that is damaged is clipped up to the damage, and never past its end", () => {
    const whole = page();
    for (let at = 8; at < 160; at++) {
      const torn = Buffer.from(whole);
      torn[at] ^= 0xff;
      expect(clipPage(torn, format, machine.little, { fromNs: 1001, toNs: 1e9 })?.length ?? whole.length).toBe(4096);
    }
  });
});
