/** Readings of /proc/slabinfo as the agent sends them. */
import { describe, expect, it } from "vitest";
import type { ObjectsBySize } from "../../src/accounting/objects-by-size.ts";
import { RunAccount } from "../../src/capture/run-account.ts";
import { SlabReadings } from "../../src/capture/slab-readings.ts";
import { TargetState } from "../../src/capture/target-state.ts";
import { snapshotSchema } from "../../src/model/snapshot.ts";
import { parseAgentLine } from "../../src/target/agent/agent-line.ts";
import { line, NONCE, said } from "../support/agent-lines.ts";
import { plainSource } from "../support/agent-source.ts";
import { bytesOf } from "../support/decode.ts";
import { alloc, free, head } from "../support/trace-text.ts";

const NOTHING: ObjectsBySize = { sizes: new Map(), freedTo: new Map(), hiddenAllocs: 0 };
const reading = (at: string, ...slabs: string[]) => [
  `slabs at=${at} how=1`,
  ...slabs.map((slab) => `slab at=${at} ${slab}`),
  `slabs-done at=${at} lines=${slabs.length} caches=${slabs.join(" ").split(" ").length}`,
];

function readings(...texts: readonly string[]): SlabReadings {
  const slabs = new SlabReadings();
  slabs.events = () => NOTHING;
  for (const text of texts) slabs.hear(line(text));
  return slabs;
}

const BEGIN = reading("begin", "dentry=100,192,21 filp=5,256,16", "kmalloc-64=7,64,64");
const LAST = reading("last", "dentry=90,192,21", "kmalloc-64=7,64,64");

describe("readings of the slabs", () => {
  it("are compared", () => {
    const { account } = readings(...BEGIN, ...LAST).since("begin", 2) ?? {};
    expect(account?.groups.map(({ bytesAlloc, slabObjects }) => [bytesAlloc, slabObjects])).toEqual([
      [192, -10],
      [256, -5],
    ]);
  });

  it("say how many free objects a sheaf of a cache holds, where it has any", () => {
    const of = (perSheaf: string) =>
      readings(...reading("begin", `filp=900,256,16${perSheaf}`), ...reading("last", `filp=800,256,16${perSheaf}`))
        .since("begin", 2)
        ?.account.groups.map(({ uncertainty }) => uncertainty);
    expect(of(",0")).toEqual(of(""));
    expect(of(",28")).toEqual([(of("")?.[0] ?? NaN) + (2 * 2 + 10) * 28]);
  });

  it("are those of the middle until the last has come", () => {
    const now = reading("now", "dentry=99,192,21 filp=5,256,16", "kmalloc-64=7,64,64");
    const later = reading("now", "dentry=98,192,21 filp=5,256,16", "kmalloc-64=7,64,64");
    const slabs = readings(...BEGIN, ...now);
    expect(slabs.since("begin", 2)?.account.groups).toMatchObject([{ slabObjects: -1 }]);
    for (const text of later) slabs.hear(line(text));
    expect(slabs.since("begin", 2)?.account.groups).toMatchObject([{ slabObjects: -2 }]);
    for (const text of LAST) slabs.hear(line(text));
    expect(slabs.since("begin", 2)?.account.groups).toHaveLength(2);
  });

  it.each(BEGIN.map((text, i) => [text, i] as const))("are not used without `%s`", (_, missing) => {
    const slabs = readings(...BEGIN.filter((_line, i) => i !== missing), ...LAST);
    expect(slabs.since("begin", 2)).toBeUndefined();
    expect(slabs.findings).toHaveLength(missing === 0 || missing === BEGIN.length - 1 ? Number(missing > 0) : 1);
  });

  it("are not used where a figure does not read", () => {
    const slabs = readings(...reading("begin", "dentry=x,192,21"), ...LAST);
    expect(slabs.since("begin", 2)).toBeUndefined();
    expect(slabs.findings).toHaveLength(1);
  });

  it("say where there is nothing to read, and begin anew after a gap", () => {
    expect(readings("slabs-none at=begin").findings).toEqual([expect.stringContaining("no /proc/slabinfo")]);
    const slabs = readings(...BEGIN, ...LAST);
    slabs.restart();
    expect(slabs.since("begin", 2)).toBeUndefined();
  });
});

describe("a capture with them", () => {
  const event = (text: string, i: number) => `${head({ clock: `2.${String(100_000 + i)}` })}${text}\n`;
  const ptr = (i: number) => (0x1000 + i * 64).toString(16).padStart(16, "0");

  /** 2,000 objects of 64 bytes, which nobody is seen to free; what comes after the reading is not of it. */
  function captured(objectsAtEnd: number) {
    const target = new TargetState(plainSource({ mode: "text" }));
    const account = new RunAccount(1, {
      filter: "all",
      target,
      onMark: ({ text, timeNs }) => {
        const heard = parseAgentLine(text, NONCE);
        if (heard !== undefined) target.hear(heard, timeNs, 0);
        return undefined;
      },
    });
    const slabs = (texts: readonly string[]) => texts.map((text) => `${said("m1", text)}\n`).join("");
    const allocs = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => event(alloc({ ptr: ptr(from + i), req: 64, alloc: 64 }), from + i));
    const text = [
      slabs(reading("begin", "kmalloc-64=1000,64,64 dentry=500,192,21")),
      ...allocs(0, 2000),
      // An older one, of which only its cache's name tells.
      event(free({ event: "kmem_cache_free", ptr: ptr(9000), tail: " name=dentry" }), 2000),
      slabs(reading("last", `kmalloc-64=${objectsAtEnd},64,64 dentry=499,192,21`)),
      ...allocs(2001, 2020),
    ];
    account.push(bytesOf(text.join("")));
    account.end();
    const snapshot = account.snapshot({ label: "x", recording: false });
    expect(() => snapshotSchema.parse(snapshot)).not.toThrow();
    return snapshot;
  }

  it("marks the callers that hidden frees touch", () => {
    const { reconciliation, callers } = captured(1020);
    expect(reconciliation).toMatchObject({ hiddenFrees: 1980, unknownFrees: 0 });
    expect(reconciliation?.groups.map(({ bytesAlloc, remainder }) => [bytesAlloc, remainder])).toEqual([
      [64, 1980],
      [192, 0],
    ]);
    expect(callers[0]).toMatchObject({ liveObjects: 2019, doubtfulObjects: 1980, doubtfulBytes: 1980 * 64 });
  });

  it("marks none where the slabs have grown as much", () => {
    const { reconciliation, callers } = captured(3000);
    expect(reconciliation).toMatchObject({ hiddenFrees: 0 });
    expect(callers[0]).not.toHaveProperty("doubtfulObjects");
  });
});
