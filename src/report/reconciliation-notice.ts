import type { SlabGroup } from "../model/reconciliation.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { upTo } from "./may-be-gone.ts";

/** Of groups, of a group's caches, and of callers. */
const SHOWN = 3;

/** What /proc/slabinfo says of frees that raised no event, one line, what follows from it first; undefined where it was not read. */
export function reconciliationNotice({ reconciliation, callers, branch }: Snapshot): string | undefined {
  if (reconciliation === undefined) return undefined;
  const { hiddenFrees, hiddenBytes, groups } = reconciliation;
  if (hiddenFrees === 0 && branch === undefined)
    return "slabs: /proc/slabinfo agrees with the events, as far as it can tell";
  const hidden = groups.filter((group) => group.hiddenFrees > 0);
  const doubtful = callers.filter((row) => row.doubtfulObjects !== undefined);
  doubtful.sort((a, b) => (b.doubtfulBytes ?? 0) - (a.doubtfulBytes ?? 0));
  const held = doubtful.map((row) => `${row.caller} (${upTo(row)})`);
  // Slabs are of no directory: of one it is said which of its objects may be gone.
  if (branch !== undefined)
    return held.length === 0 ? undefined : `slabs: gone without an event may be objects of ${listOf(held)}`;
  const gone = `${String(hiddenFrees)} objects that look alive, ${String(hiddenBytes)} bytes, are gone`;
  return (
    `slabs: ${gone}${held.length > 0 ? `, of ${listOf(held)}` : ""}; ` +
    `freed without an event by /proc/slabinfo: ${listOf(hidden.map(describeGroup))}`
  );
}

function describeGroup({ bytesAlloc, hiddenFrees, uncertainty, caches }: SlabGroup): string {
  const names = [...caches].sort((a, b) => b.after - a.after).map(({ name }) => name);
  return `${String(hiddenFrees)} ± ${String(uncertainty)} of ${String(bytesAlloc)} bytes (${listOf(names)})`;
}

function listOf(texts: readonly string[]): string {
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(", ") + (more > 0 ? ` and ${String(more)} more` : "");
}
