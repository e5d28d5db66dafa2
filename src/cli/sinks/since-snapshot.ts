/** A snapshot whose figures of what was allocated are of the time since an earlier one of the same run; what is held is as it is. */
import type { Snapshot } from "../../model/snapshot.ts";

interface Allocated {
  readonly allocs: number;
  readonly totalBytes: number;
}

export function sinceSnapshot(now: Snapshot, before: Snapshot | undefined): Snapshot {
  if (before?.source.run !== now.source.run) return now;
  const known = new Map(before.callers.map((row) => [row.callSite, row]));
  const callers = now.callers.map((row) => less(row, known.get(row.callSite)));
  const { stacks } = now;
  if (stacks?.rows === undefined) return { ...now, callers };
  const keyOf = (frames: readonly string[]) => frames.join("\n");
  const stacksBefore = new Map((before.stacks?.rows ?? []).map((row) => [keyOf(row.frames), row]));
  // Of a stack that was not listed then nobody knows what it had allocated: it stands under its call site.
  const rows = stacks.rows.flatMap((row) => {
    const old = stacksBefore.get(keyOf(row.frames));
    return old === undefined ? [] : [less(row, old)];
  });
  return { ...now, callers, stacks: { ...stacks, rows } };
}

function less<Row extends Allocated>(row: Row, before: Allocated | undefined): Row {
  if (before === undefined) return row;
  return { ...row, allocs: row.allocs - before.allocs, totalBytes: row.totalBytes - before.totalBytes };
}
