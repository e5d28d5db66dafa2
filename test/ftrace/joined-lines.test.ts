/**
 * What a console loses can join two lines so that the rest looks well. None of these may end as an event with another's
 * numbers, or as a clean line that held one: each was found by attacking the decoder.
 */
import { describe, expect, it } from "vitest";
import { decodeLines } from "../support/decode.ts";
import { head } from "../support/trace-text.ts";

const WHOLE = `${head()}kfree: call_site=put_pid.part.0+0x36/0x50 ptr=0000000045e08e52`;
const ALLOCATION =
  "call_site=tty_open+0x58/0x6e0 ptr=00000000c64b90b6 bytes_req=32 bytes_alloc=32 gfp_flags=GFP_KERNEL";

/** Classes of the lines besides a whole event before them, which says what the trace looks like. */
function classesOf(...lines: string[]): Record<string, number> {
  const { event = 0, ...others } = decodeLines(WHOLE, ...lines).lines as Record<string, number>;
  return event > 1 ? { event: event - 1, ...others } : others;
}

describe("a line whose damage leaves something plausible", () => {
  it.each([
    ["the event's name lost a letter", `${head()}kmaloc: ${ALLOCATION}`],
    ["the event's name lost its colon", `${head()}kmem_cache_alloc ${ALLOCATION}`],
    [
      "what is left of the name runs into the call site",
      `${head()}kmem_cac=exit_mmap+0x189/0x310 ptr=000000007dc71fdf name=pid`,
    ],
    ["the line ends in the event's name", `${head()}kmem_`],
    ["its beginning was lost up to the CPU", `[001] .....     2.206855: kmalloc: ${ALLOCATION}`],
    [
      "the pointer lost half of its digits",
      `${head()}kmalloc: call_site=a+0x1/0x2 ptr=c64b90b6 bytes_req=3 bytes_alloc=8 gfp_flags=G`,
    ],
    ["what is left of the pointer are zeros", `${head()}kmem_cache_free: call_site=a+0x1/0x2 ptr=00000000 name=pid`],
    ["a space came into the pointer", `${head()}kfree: call_site=a+0x1/0x2 ptr=00000000 c64b90b6`],
    [
      "the pointers of two events follow each other",
      `${head()}kmalloc: call_site=a+0x1/0x2 ptr=0000000000000001 ${ALLOCATION.slice(26)}`,
    ],
    ["kfree ends like another event", `${head()}kfree: call_site=a+0x1/0x2 ptr=00000000c64b90b6 name=pid`],
    ["the call site lost its offset", `${head()}kfree: call_site=rcu_40 ptr=00000000c64b90b6`],
    [
      "the call site lies behind its function",
      `${head()}kfree: call_site=anon_vma_fork+0x5a/0x15 ptr=00000000c64b90b6`,
    ],
    ["a loss marker lost a letter", "CPU:0 [LST 157 EVENTS]"],
    ["a loss marker lost its end", "CPU:0 [LOST 157 EVE"],
    ["the header lost its second number", "# entries-in-buffer/entries-written: 1342/"],
    ["the header's second number is cut", "# entries-in-buffer/entries-written: 1342/630"],
  ])("is rejected where %s", (_, line) => {
    const classes = classesOf(line);
    expect(classes).not.toHaveProperty("event");
    const rejected = ["badHead", "badField", "truncated", "badMarker"].filter((name) => name in classes);
    expect(rejected).not.toEqual([]);
  });

  it("does not lend its end to the next: the second event's fields are not the first one's", () => {
    const tail = `${head()}kmalloc: ${ALLOCATION}_release+0x36/0x50 ptr=00000000c64b90b6`;
    expect(classesOf(tail)).toMatchObject({ event: 1, badHead: 1 });
  });
});

describe("lines that lost the newline between them", () => {
  it("are another event and one of the account", () => {
    const line = `${head()}sched_switch: prev_comm=sh prev_pid=1 ==> next_comm=init${WHOLE}`;
    expect(classesOf(line)).toEqual({ event: 1, otherEvent: 1 });
  });

  it("are two loss markers, both counted", () => {
    const { losses } = decodeLines("CPU:0 [LOST 157 EVENTS]CPU:1 [LOST 3 EVENTS]");
    expect(losses.map(({ cpu, events }) => [cpu, events])).toEqual([
      [0, 157],
      [1, 3],
    ]);
  });

  it("but what a process wrote to trace_marker stays its own", () => {
    const line = `${head()}tracing_mark_write: ${WHOLE.trimStart()}`;
    expect(classesOf(line)).toEqual({ otherEvent: 1 });
  });
});

it("that ends as another event of its call site did is refused all the same", () => {
  const before = `${head()}kmalloc: ${ALLOCATION}`;
  const joined = `${head()}kfree: call_site=tty_open+0x58/0x6e0 ptr=00000000c64b90b6 gfp_flags=GFP_KERNEL`;
  // In place, and as lines that chunks cut.
  for (const more of [0, 20])
    expect(classesOf(before, joined, ...Array.from({ length: more }, () => before))).toEqual({
      event: 1 + more,
      badField: 1,
    });
});
