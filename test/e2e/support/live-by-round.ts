/** Which function's objects of which round are alive at the end of a trace: an independent count for `run --repeat`. */

const EVENT =
  /: (kmalloc|kmem_cache_alloc|kmalloc_node|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(\S+?)(?:\+0x\S+)?(?: \[\w+\])? ptr=(\S+)/;
const ROUND = /tracing_mark_write: round (\d+|over)/;

/**
 * @param text a trace with a mark `round N` before each round and `round over` behind the last
 * @returns by the function of the call site: a count a round
 */
export function liveByRound(text: string, rounds: number): Map<string, number[]> {
  const live = new Map<string, { readonly name: string; readonly round: number }>();
  let round = 0;
  for (const line of text.split("\n")) {
    const mark = ROUND.exec(line);
    if (mark !== null) round = mark[1] === "over" ? rounds + 1 : Number(mark[1]);
    const event = EVENT.exec(line);
    if (event === null) continue;
    const [, kind, name, ptr] = event;
    live.delete(ptr);
    if (!kind.includes("free")) live.set(ptr, { name, round });
  }
  const counts = new Map<string, number[]>();
  for (const { name, round: born } of live.values()) {
    if (born < 1 || born > rounds) continue;
    const list = counts.get(name) ?? Array.from({ length: rounds }, () => 0);
    list[born - 1]++;
    counts.set(name, list);
  }
  return counts;
}
