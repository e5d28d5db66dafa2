/** The lines of every kernel from 3.x to 7.x that the issue names, one by one. */
import { describe, expect, it } from "vitest";
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { bytesOf, decodeLines, type DecodedEvent } from "../support/decode.ts";
import { alloc, free, head } from "../support/trace-text.ts";

/** The one event of a line that must be nothing but an event. */
function eventOf(line: string): DecodedEvent {
  const decoded = decodeLines(line);
  expect(decoded.lines).toEqual({ event: 1 });
  return decoded.events[0];
}

describe("call sites", () => {
  it.each([
    ["a bare address of a 3.x kernel", "c104deff"],
    ["a bare 64-bit address", "ffffffff8104deff"],
    ["a module that is gone", "0xffffffffc028d533"],
    ["a symbol", "tty_open+0x58/0x6e0"],
    ["a symbol with dots", "put_pid.part.0+0x36/0x50"],
    ["a symbol with $", "$x.14+0x36/0x50"],
    ["a symbol in a module", "fat_fill_super+0xa3/0xc70 [fat]"],
    ["a module with dashes and digits", "nf_tables_newset+0x6a7/0x880 [nf_tables_2-x]"],
    ["a long symbol", `${"a".repeat(500)}+0x36/0x50`],
  ])("%s is kept as printed", (_, site) => {
    expect(eventOf(head() + alloc({ site })).callSite).toBe(site);
    expect(eventOf(head() + free({ site })).callSite).toBe(site);
  });

  it("is one call site however often it is printed, and another with another offset", () => {
    const lines = ["a+0x1/0x90", "a+0x2/0x90", "a+0x1/0x90"].map(
      (site, i) => head() + alloc({ site, ptr: `0000000${i + 1}` }),
    );
    expect(decodeLines(...lines).events.map((event) => event.callSite)).toEqual([
      "a+0x1/0x90",
      "a+0x2/0x90",
      "a+0x1/0x90",
    ]);
  });
});

describe("events", () => {
  it.each([
    ["kmalloc", "kmalloc"],
    ["kmalloc_node", "kmalloc"],
    ["kmem_cache_alloc", "cacheAlloc"],
    ["kmem_cache_alloc_node", "cacheAlloc"],
  ] as const)("%s allocates", (event, kind) => {
    expect(eventOf(head() + alloc({ event, ptr: "00000000c64b90b6", req: 30, alloc: 32 }))).toEqual({
      kind,
      callSite: "tty_open+0x58/0x6e0",
      ptr: "00000000c64b90b6",
      bytesReq: 30,
      bytesAlloc: 32,
      cpu: 1,
      timeNs: 2_206_855_000,
    });
  });

  it.each([
    ["kfree", "kfree"],
    ["kmem_cache_free", "cacheFree"],
  ] as const)("%s frees", (event, kind) => {
    expect(eventOf(head() + free({ event, ptr: "00000000c64b90b6" }))).toEqual({
      kind,
      callSite: "put_pid.part.0+0x36/0x50",
      ptr: "00000000c64b90b6",
      bytesReq: 0,
      bytesAlloc: 0,
      cpu: 1,
      timeNs: 2_206_855_000,
    });
  });

  it.each([
    "kfree_skb: skbaddr=000000001 protocol=0 location=sock_rfree+0x1/0x2 reason: NOT_SPECIFIED",
    "mm_page_alloc: page=00000000c1 pfn=0x1 order=0 migratetype=0 gfp_flags=GFP_KERNEL",
    "sched_switch: prev_comm=kmalloc: prev_pid=1 ==> next_comm=kfree: next_pid=2",
    "tracing_mark_write: hello",
    "do_one_initcall <-kernel_init_freeable",
  ])("another event is ignored on purpose: %s", (event) => {
    const decoded = decodeLines(head() + event);
    expect(decoded.lines).toEqual({ otherEvent: 1 });
    expect(decoded.events).toEqual([]);
  });

  it.each(["kmaloc", "kmalloc_large", "kmem_cache_alloc_bulk"])(
    "an event with a call site that is none of the account's is said, damaged or new: %s",
    (name) => {
      const decoded = decodeLines(
        `${head()}${name}: call_site=a+0x1/0x2 ptr=0000000000000001 bytes_req=1 bytes_alloc=1`,
      );
      expect(decoded.lines).toEqual({ badField: 1 });
    },
  );
});

describe("fields", () => {
  it.each([
    ["3.6 and 5.10: nothing but flags", " gfp_flags=GFP_KERNEL|GFP_ZERO"],
    ["5.10's _node events", " gfp_flags=GFP_KERNEL|__GFP_ZERO node=-1"],
    ["6.1", " gfp_flags=GFP_KERNEL node=-1 accounted=false"],
    ["a node", " gfp_flags=GFP_KERNEL node=3 accounted=true"],
    ["flags without a name", " gfp_flags=0x400dc0 node=-1 accounted=false"],
    ["%s printed empty (hash-ptr off on Debian's 6.1)", " gfp_flags= node=-1 accounted=false"],
    ["%s printed empty at the line's end", " gfp_flags="],
    ["a field that no kernel has yet", " gfp_flags=GFP_KERNEL node=-1 accounted=false zone=Normal"],
  ])("of an allocation: %s", (_, tail) => {
    expect(eventOf(head() + alloc({ tail, req: 3000, alloc: 4096 }))).toMatchObject({
      bytesReq: 3000,
      bytesAlloc: 4096,
    });
  });

  it.each([" name=pid", " name=", " name=dentry", " name=:A-0000136", " name=a name with spaces"])(
    "of a free: %s",
    (tail) => {
      expect(eventOf(head() + free({ event: "kmem_cache_free", tail }))).toMatchObject({ ptr: "00000000c64b90b6" });
    },
  );

  it.each(["name=kernfs_node_cache", "name=", "name=:A-0000136", "name=a b c", "name=ptr=1"])(
    "6.18 prints the cache between the pointer and the sizes: %s",
    (name) => {
      const line = head() + alloc({ event: "kmem_cache_alloc", ptr: `0000000094225d80 ${name}`, req: 136, alloc: 144 });
      expect(eventOf(line)).toMatchObject({ ptr: "0000000094225d80", bytesReq: 136, bytesAlloc: 144 });
    },
  );

  it("keeps sizes exact up to 2^53 and refuses what a double cannot hold", () => {
    const largest = eventOf(head() + alloc({ req: "9007199254740990", alloc: "9007199254740991" }));
    expect(largest).toMatchObject({ bytesReq: 9007199254740990, bytesAlloc: 9007199254740991 });
    expect(decodeLines(head() + alloc({ req: 1, alloc: "9007199254740993" })).lines).toEqual({ badField: 1 });
    expect(decodeLines(head() + alloc({ req: 1, alloc: "18446744073709551615" })).lines).toEqual({ badField: 1 });
  });

  it.each([
    ["no number", alloc({ req: "x" })],
    ["a negative size", alloc({ alloc: "-1" })],
    ["a size with letters behind", alloc({ alloc: "64k" })],
    ["no pointer", alloc({ ptr: "" })],
    ["a pointer that is none", alloc({ ptr: "hello" })],
    ["a pointer of 17 digits", alloc({ ptr: "00000000c64b90b60" })],
    ["an empty call site", alloc({ site: "" })],
    ["a module without its end", alloc({ site: "a+0x1/0x2 [fat" })],
    ["no bytes_alloc", "kmalloc: call_site=a+0x1/0x2 ptr=00000000c64b90b6 bytes_req=1 gfp_flags=GFP_KERNEL"],
    ["a free without a pointer", "kfree: call_site=a+0x1/0x2 gfp_flags=GFP_KERNEL"],
  ])("that do not read reject the line: %s", (_, event) => {
    const decoded = decodeLines(head() + event);
    expect(decoded.events).toEqual([]);
    expect(decoded.lines).toEqual({ badField: 1 });
  });
});

describe("flags", () => {
  const asked = (...flags: string[]) => {
    const sites = new CallSiteTable();
    const decoder = new TextDecoder(sites);
    for (const text of flags) decoder.push(bytesOf(`${head()}${alloc({ tail: text })}\n`));
    return sites.asksForZeros(0);
  };

  it.each([
    ["a kernel of today", " gfp_flags=GFP_KERNEL|__GFP_ZERO node=-1 accounted=false", true],
    ["a 3.x", " gfp_flags=GFP_KERNEL|GFP_ZERO", true],
    ["none of them that zeroes", " gfp_flags=GFP_KERNEL|__GFP_ZEROTAGS node=-1", false],
    ["none at all", " gfp_flags=none", false],
    ["one without a name", " gfp_flags=GFP_KERNEL|0x100", undefined],
    ["a name beside one without", " gfp_flags=0x1000000|__GFP_ZERO", true],
  ])("of %s say whether zeroed memory is asked for", (_, tail, zeros) => {
    expect(asked(tail)).toBe(zeros);
  });

  it("that differ say nothing of their call site", () => {
    const [zeroes, leaves] = [" gfp_flags=GFP_KERNEL|__GFP_ZERO", " gfp_flags=GFP_KERNEL"];
    expect(asked(zeroes, zeroes)).toBe(true);
    expect(asked(zeroes, leaves, zeroes)).toBeUndefined();
  });
});
