/** Which task allocated what on this machine, in mode raw: what the kernel's own text of the same window says, line by line. */
import { describe, expect, it, onTestFinished } from "vitest";
import { canTrace, note } from "../support/traced.ts";
import { startCapture } from "./support/capture.ts";
import { beginBesideTruth, endTruth, sh } from "./support/local-truth.ts";
import { textOfRaw, withoutHelpers } from "./support/raw-text.ts";
import { sameWindow } from "./support/same-window.ts";

const BUFFER_KB = 40_960;
const WORKLOAD = "i=0; while [ $i -lt 50 ]; do (: | :); i=$((i + 1)); done; ls -lR /sys/module >/dev/null";

const LINE =
  /^\s*(.{1,16}?)-(\d+)\s+(?:\([ \d-]+\)\s+)?\[\d+\]\s+(\S+)\s+[\d.]+: (?:kmalloc|kmem_cache_alloc): .* bytes_alloc=(\d+)/;

interface Sums {
  allocs: number;
  bytes: number;
  names: Set<string>;
}

/** Allocations by pid, `interrupt` for what came in one. */
function countOf(lines: readonly string[]): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const line of lines) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, comm, pid, flags, bytes] = match;
    const key = /^..[hHszZ]/.test(flags) ? "interrupt" : pid;
    const of = sums.get(key) ?? { allocs: 0, bytes: 0, names: new Set() };
    sums.set(key, of);
    of.allocs += 1;
    of.bytes += Number(bytes);
    if (key !== "interrupt") of.names.add(comm);
  }
  return sums;
}

describe.skipIf(!canTrace)(`tasks of this machine, in mode raw${note}`, () => {
  it("are those of the kernel's own text of the same window", async () => {
    const options = { mode: "raw", wait: true, bufferKb: BUFFER_KB, names: true } as const;
    const capture = startCapture({ kind: "local" }, options, undefined, { tasks: true });
    onTestFinished(() => capture.agent.close());
    await beginBesideTruth(capture, BUFFER_KB);
    const [pid] = sh(`sh -c 'echo $$; ${WORKLOAD}'`).trim().split("\n");
    const { snapshot, tasks: said } = await capture.stop();
    const text = endTruth();
    const window = sameWindow(textOfRaw(capture.chunks), withoutHelpers(text, capture.received()));
    expect(window.faults).toEqual([]);

    const truth = countOf(window.truth);
    const tasks = said?.()?.tasks ?? [];
    const byPid = new Map<string, { allocs: number; bytes: number }>();
    for (const row of tasks) {
      const key = row.pid === null ? row.comm.replace(/[()]/g, "") : String(row.pid);
      const before = byPid.get(key) ?? { allocs: 0, bytes: 0 };
      byPid.set(key, { allocs: before.allocs + row.allocs, bytes: before.bytes + row.totalBytes });
    }
    const expected = [...truth].map(([key, { allocs, bytes }]) => [key, { allocs, bytes }] as const);
    expect(Object.fromEntries(byPid)).toEqual(Object.fromEntries(expected));
    expect(byPid.size).toBeGreaterThan(50);
    expect(tasks.reduce((sum, row) => sum + row.netBytes, 0)).toBe(snapshot.totals.netBytes);
    expect(tasks.reduce((sum, row) => sum + row.liveObjects, 0)).toBe(snapshot.totals.liveObjects);

    // Names: of the shell and of ls, which lived through a reading, by the pids that the kernel's text has them under.
    const named = (of: string) => tasks.filter((row) => String(row.pid) === of).map(({ comm }) => comm);
    expect(named(pid)).toEqual(["sh"]);
    const known = [...truth].filter(
      ([key, { names }]) => key !== "interrupt" && names.size === 1 && !names.has("<...>"),
    );
    const same = known.filter(([key, { names }]) => named(key).some((comm) => names.has(comm)));
    expect(same.length / known.length).toBeGreaterThan(0.9);
  });
});
