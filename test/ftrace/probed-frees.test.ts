/**
 * Frees that probes tell of, in a real kernel's ring buffer (fixtures/raw-6.12-amd64-bulk: 30 files of sysfs opened, a process ended), and
 * what probes of other kernels say. raw/kernels.test.ts holds its text against its sub-buffers.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { EventLedger } from "../../src/accounting/ledger.ts";
import { rcuObject } from "../../src/ftrace/probed-frees.ts";
import { readLayout } from "../../src/ftrace/raw/record-layouts.ts";
import { TextDecoder } from "../../src/ftrace/text-decoder.ts";
import { CallSiteTable } from "../../src/model/call-site-table.ts";
import { LineClass } from "../../src/model/line-tally.ts";
import { SOURCE } from "../support/account.ts";
import { bytesOf, inPieces } from "../support/decode.ts";
import { head } from "../support/trace-text.ts";

const DIR = "fixtures/raw-6.12-amd64-bulk";
const TEXT = gunzipSync(readFileSync(`${DIR}/trace.txt.gz`));
const OPENS = 30;

function snapshotOf(chunks: Iterable<Uint8Array>) {
  const sites = new CallSiteTable();
  const decoder = new TextDecoder(sites);
  const ledger = new EventLedger(sites);
  for (const chunk of chunks) ledger.apply(decoder.push(chunk));
  ledger.apply(decoder.end());
  return { ...ledger.snapshot({ source: SOURCE }), freed: ledger.freeingCallSites() };
}

const withoutProbes = () =>
  bytesOf(
    TEXT.toString("latin1")
      .split("\n")
      .filter((line) => !line.includes(": kmemtap_"))
      .join("\n"),
  );

describe("probes in a real trace", () => {
  it("end the objects whose frees raise no event", () => {
    const nodesOf = ({ callers }: ReturnType<typeof snapshotOf>) =>
      callers.find(({ caller }) => caller === "kernfs_fop_open+0x33b");
    const [told, untold] = [snapshotOf([TEXT]), snapshotOf([withoutProbes()])];
    expect(nodesOf(untold)?.liveObjects).toBeGreaterThan(OPENS / 3);
    expect(nodesOf(told)).toMatchObject({ liveObjects: 0, impliedFrees: 0, allocs: nodesOf(untold)?.allocs });
    expect(told.probed?.rcuFrees).toBe(TEXT.toString("latin1").match(/: kmemtap_rcu_free: /g)?.length);
    expect(told.freed.get("kernfs_unlink_open_file+0xef/0x110")).toBeGreaterThanOrEqual(OPENS);
    expect(told.exact).toBe(true);
  });

  it("leave the rest of the account as it is", () => {
    const [told, untold] = [snapshotOf([TEXT]), snapshotOf([withoutProbes()])];
    expect(told.totals.allocs).toBe(untold.totals.allocs);
    expect(told.totals.totalBytes).toBe(untold.totals.totalBytes);
    // An event's free of what kfree_rcu had freed is not counted once more.
    expect(told.totals.frees).toBeGreaterThan(untold.totals.frees);
    expect(told.loss.unmatchedFrees).toBeLessThan(untold.loss.unmatchedFrees + (told.probed?.bulkFrees ?? 0));
  });

  it.each([1, 7, 61, 4096])("are the same in pieces of %d bytes", (size) => {
    expect(snapshotOf(inPieces(TEXT, size))).toEqual(snapshotOf([TEXT]));
  });
});

const line = (text: string) => `${head({ comm: "sh", pid: 99, clock: "3.000001" })}${text}\n`;
const RCU = "kmemtap_rcu_free: (kvfree_call_rcu+0x0/0x330) head=0xff493cd7026c9ba8 ptr=0x8 ip=a+0x1/0x2 [fat]";
const BULK = "kmemtap_bulk_free: (kmem_cache_free_bulk+0x0/0x20) s=0xff493cd701037a00 n=0x3 p={0x10,0x20} ip=b+0x1/0x2";

describe("a probe's line", () => {
  const read = (text: string) => {
    const sites = new CallSiteTable();
    const decoder = new TextDecoder(sites);
    const { length, ptrLow, ptrHigh, callSite, tally } = decoder.push(bytesOf(text));
    const events = Array.from({ length }, (_, i) => {
      const ptr = (BigInt(ptrHigh[i]) << 32n) | BigInt(ptrLow[i]);
      return `${ptr.toString(16)} ${sites.text(callSite[i])}`;
    });
    expect(tally.totalBytes).toBe(text.length);
    return {
      events,
      probed: { ...tally.probed },
      rejected: tally.rejectedLines,
      nulls: tally.lines[LineClass.nullFree],
    };
  };

  it("names an object, and who freed it", () => {
    expect(read(line(RCU))).toMatchObject({ events: ["ff493cd7026c9ba0 a+0x1/0x2 [fat]"], rejected: 0 });
  });

  it("of a bulk names as many as it has room for, and counts the rest", () => {
    const { events, probed } = read(line(BULK));
    expect(events).toEqual(["10 b+0x1/0x2", "20 b+0x1/0x2"]);
    expect(probed).toEqual({ rcuFrees: 0, bulkFrees: 3, notFollowed: 1 });
  });

  it("of a list without a cache follows no more than there is: the rest has been freed by kfree_rcu", () => {
    expect(read(line(BULK.replace("s=0xff493cd701037a00", "s=0x0"))).probed.notFollowed).toBe(0);
  });

  it("takes no more of the array than the bulk has", () => {
    expect(read(line(BULK.replace("n=0x3", "n=0x1"))).events).toEqual(["10 b+0x1/0x2"]);
  });

  it("without the caller goes by the function that is probed", () => {
    expect(read(line(RCU.replace(/ ip=.*/, ""))).events).toEqual(["ff493cd7026c9ba0 kvfree_call_rcu+0x0/0x330"]);
  });

  it("of NULL frees nothing", () => {
    expect(read(line(RCU.replace(/head=\S+ ptr=\S+/, "head=0x0 ptr=0x0")))).toMatchObject({ events: [], nulls: 1 });
  });

  it.each([
    RCU.slice(0, 60),
    RCU.replace("ptr=0x8", "ptr=0xg"),
    BULK.replace("0x20}", "0x20"),
    BULK.replace("0x10,", "x10,"),
    BULK.replace("n=0x3", "n=3"),
  ])("that is damaged is rejected: %s", (damaged) => {
    expect(read(line(damaged))).toMatchObject({ events: [], rejected: 1 });
  });
});

describe("kfree_rcu's object", () => {
  const at = (low: number, high = 0) => ({ low, high });

  it.each([
    ["up to 6.1: head and its offset", at(0xc5550010, 0xffff8880), at(0x10), at(0xc5550000, 0xffff8880)],
    ["an offset of 0", at(0xc5550000, 0xffff8880), at(0), at(0xc5550000, 0xffff8880)],
    [
      "from 6.2 on: the object itself",
      at(0xc5550010, 0xffff8880),
      at(0xc5550000, 0xffff8880),
      at(0xc5550000, 0xffff8880),
    ],
    ["without an rcu_head", at(0), at(0xc5550000, 0xffff8880), at(0xc5550000, 0xffff8880)],
    ["across 4 GiB", at(0x8, 0xffff8881), at(0x10), at(0xfffffff8, 0xffff8880)],
    ["on 32-bit", at(0xc5550010), at(0x10), at(0xc5550000)],
  ])("%s", (_form, first, second, object) => {
    expect(rcuObject(first, second)).toEqual(object);
  });
});

describe("a probe's format", () => {
  const field = (text: string, offset: number, size: number) =>
    `\tfield:${text};\toffset:${offset};\tsize:${size};\tsigned:0;`;
  const COMMON = [field("unsigned char common_flags", 2, 1), field("int common_pid", 4, 4)];
  const format = (name: string, ...fields: string[]) =>
    [`name: ${name}`, "ID: 1392", "format:", ...COMMON, ...fields].join("\n");

  it("of 32-bit has words of 4 bytes, and no caller where it could not be had", () => {
    const words = [
      field("unsigned long __probe_ip", 8, 4),
      field("u32 s", 12, 4),
      field("u32 n", 16, 4),
      field("u32 p[]", 20, 256),
    ];
    expect(readLayout(format("kmemtap_bulk_free", ...words))?.layout).toMatchObject({
      what: "bulk",
      ip: { offset: 8, size: 4 },
      objects: { offset: 20, size: 4 },
      slots: 64,
      size: 276,
    });
  });

  it("without a field that is needed is none", () => {
    expect(
      readLayout(format("kmemtap_rcu_free", field("unsigned long __probe_ip", 8, 8), field("u64 head", 16, 8))),
    ).toBe(undefined);
  });
});
