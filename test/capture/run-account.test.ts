/** The account of one run while it goes on. */
import { describe, expect, it } from "vitest";
import { RunAccount } from "../../src/capture/run-account.ts";
import { TargetState } from "../../src/capture/target-state.ts";
import { line, said } from "../support/agent-lines.ts";
import { plainSource } from "../support/agent-source.ts";
import { bytesOf } from "../support/decode.ts";
import { HistMaps } from "../support/hist-maps.ts";
import { own } from "../support/raw-stream.ts";
import { ALLOC_LINE, CACHE_ALLOC_LINE, FREE_LINE } from "../support/trace-text.ts";

const SOURCE = { label: "x", recording: false };

describe("the account of a run", () => {
  it("counts what was received, and takes each loss once", () => {
    const account = new RunAccount(1, { filter: "all" });
    expect(account.point(0)).toBeUndefined();
    const text = `${ALLOC_LINE}\nCPU:0 [LOST 9 EVENTS]\n${FREE_LINE.slice(0, 40)}`;
    account.push(bytesOf(text));
    expect(account).toMatchObject({ bytes: text.length, events: 1, lastEventNs: 2_206_855_000 });
    expect(account.takeLosses()).toMatchObject([{ cpu: 0, events: 9 }]);
    expect(account.takeLosses()).toEqual([]);
    account.push(bytesOf(`${FREE_LINE.slice(40)}\n${CACHE_ALLOC_LINE}`));
    account.end();
    expect(account.point(0)).toEqual([3.647144, 704, 700, 1]);
    expect(account.snapshot(SOURCE)).toMatchObject({ source: { run: 1 }, totals: { allocs: 2, frees: 1 } });
  });

  it("of a stream that was damaged is not exact, and says why", () => {
    const account = new RunAccount(1, { filter: "all" });
    account.push(bytesOf(`${ALLOC_LINE}\n`));
    expect(account.snapshot(SOURCE)).toMatchObject({ exact: true });
    expect(account.snapshot(SOURCE, "the cable")).toMatchObject({
      exact: false,
      loss: { damagedInput: ["the cable"] },
    });
  });

  it("tells of every mark in order, and puts events into the phases that they name", () => {
    const heard: string[] = [];
    const account = new RunAccount(1, {
      filter: "all",
      workload: "whole",
      onMark: ({ text }) => {
        heard.push(text);
        return text.includes("phase-begin") ? { kind: "begin", name: "a", command: "x", round: 1 } : undefined;
      },
    });
    const [begin, other] = [said("l1", "phase-begin name=1.0"), said("p1", "stats cpu=0")];
    account.push(bytesOf(`${CACHE_ALLOC_LINE}\n${other}\n${begin}\n${ALLOC_LINE}\n`));
    account.end();
    expect(heard).toEqual([other, begin]);
    expect(account.workload?.running).toMatchObject({ name: "a", round: 1 });
    const snapshot = account.snapshot(SOURCE);
    expect(snapshot.totals.allocs).toBe(2);
    const result = account.workload?.result({ target: "x", scope: "system", snapshot, interrupted: false });
    expect(result?.phases).toMatchObject([{ name: "a", allocs: 1, totalBytes: 4096, interrupted: true }]);
  });

  it("in mode hist has points by the clock of this side, from the beginning of the window", () => {
    const target = new TargetState(plainSource({ mode: "hist" }));
    const account = new RunAccount(1, { filter: "all", target });
    expect(account.point(1000)).toBeUndefined();
    target.hear(line("begin"), 0, 1000);
    expect(account.point(2000)).toBeUndefined();
    const maps = new HistMaps();
    maps.add("kmalloc", "ffffffff81000010", 64, 60, 2);
    for (const text of maps.reading()) {
      const [writerSeq, type, ...rest] = text.split(" ").slice(2, -1);
      target.hear({ writer: writerSeq[0], seq: Number(writerSeq.slice(1)), type, text: rest.join(" ") }, 0, 2000);
    }
    expect(account.point(3500)).toEqual([2.5, 128, 120, 2]);
  });
});

describe("a run in mode raw", () => {
  const findingsWith = (kallsyms: string) => {
    const account = new RunAccount(1, { filter: "all", target: new TargetState(plainSource({ mode: "raw" })) });
    account.push(own("session mode=raw link=local"));
    const before = account.snapshot(SOURCE).findings;
    account.push(own(`blob name=kallsyms bytes=${kallsyms.length}`, Buffer.from(kallsyms)));
    account.snapshot(SOURCE);
    return { before, after: account.snapshot(SOURCE).findings };
  };

  it("says once what its symbols lack, and what to do", () => {
    const hidden = findingsWith("0000000000000000 T _stext\n0000000000000000 T f\n0000000000000000 t g\t[m]\n");
    expect(hidden.before).toEqual([]);
    expect(hidden.after).toEqual([
      expect.stringMatching(/hides its addresses .*kptr_restrict on the target, or use --mode text/),
    ]);
    expect(findingsWith("").after).toEqual([expect.stringContaining("no symbols")]);
    expect(findingsWith("0000000000100000 T f\n0000000000200000 T g\n").after).toEqual([]);
  });
});
