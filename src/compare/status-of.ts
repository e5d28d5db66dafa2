/** What became of a function from one account to another. */
import type { DiffFigures, DiffStatus } from "../model/diff.ts";
import type { MatchedFunction } from "./match-functions.ts";

/** By net bytes, and by live objects where those are equal. @param delta b less a */
export function statusOf({ a, b }: Pick<MatchedFunction, "a" | "b">, delta: DiffFigures): DiffStatus {
  if (a.length === 0) return "new";
  if (b.length === 0) return "gone";
  const change = delta.netBytes === 0 ? delta.liveObjects : delta.netBytes;
  return change > 0 ? "grown" : change < 0 ? "shrunk" : "same";
}
