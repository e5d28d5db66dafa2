/**
 * Leak or cache: what the rounds of a repeated workload say of a call site.
 *
 * Two figures are looked at together, because each alone is fooled:
 * - the _survivors_ of a round, the objects allocated in it that are there at the very end. They are the workload's own,
 *   but a cache that replaces old entries by new ones has some too, and the last round has those that are freed late (RCU,
 *   workqueues).
 * - the _net_ of a round, the bytes after it less the bytes before it. A cache of constant size has none, whatever it
 *   replaces; but what runs beside the workload and frees that come late move it up in one round and down in another, so
 *   that only the sum over the rounds is trusted.
 *
 * The first round is never evidence: it fills caches. A call site of which something stayed is
 * - a leak when there are survivors of every round after the first, of three or more, and the net has grown with them;
 * - a cache when the rounds after the first left no survivors, or added nothing to the net;
 * - unsteady when there is reason to doubt: survivors of some rounds only; numbers that differ much from round to round,
 *   since the same commands leak the same; numbers that fall from round to round as those of a cache do that is still
 *   warming; two figures that differ, of three rounds, since two make no trend; as much growth in the pauses of the workload as in its phases, so that it comes from something else,
 *   or so much that it may have hit each round by chance; or two rounds only, which cannot tell a leak from a warming cache;
 * - of unseen frees when it grows, but objects of its kind are known to go without an event ({@link unseenFrees}), or when
 *   /proc/slabinfo lacks as many objects of its size as seem to have stayed (reconcile.ts).
 *
 * Call sites that left as much as each other in every round mostly allocate together, as for a task's structures, or an inode and its dentry:
 * they are one piece of evidence ({@link groupAlike}).
 */
import { MIN_ROUNDS, SURE_ROUNDS } from "../model/workload-rounds.ts";
import type { GrowingCaller, RepeatVerdict, SiteVerdict, WorkloadScope } from "../model/workload.ts";

const REPEAT = `repeat ${String(SURE_ROUNDS)} times or more`;
const GROWS = "grew in both rounds after the first";
const BY_CHANCE = "grew in every round after the first, but may have by chance";
const TELLS_CHANCE = "more rounds tell, or a quieter target";
const UNEVEN = "what stayed differs from round to round";
const AS_BETWEEN = "as much stayed of what ran between the phases";

/** What the rounds did to one call site; the arrays have an entry a round. */
export interface SiteRounds {
  readonly callSite: string;
  /** Net after the round less that before it. */
  readonly netBytes: readonly number[];
  readonly netObjects: readonly number[];
  /** What was allocated in the round's phases and is alive at the end. */
  readonly survivors: readonly number[];
  readonly survivorBytes: readonly number[];
  /** Implied frees in all rounds. */
  readonly impliedFrees: number;
  /** Objects that the phases after the first round would have left at the rate of the pauses; 0 where those are too short to tell. */
  readonly background: number;
  /** What stayed since the first round that may be gone by frees that raised no event, at most, by /proc/slabinfo; 0 where it was not read. */
  readonly doubtful: number;
}

export interface SiteJudgement {
  readonly verdict: SiteVerdict;
  /** One line. */
  readonly reason: string;
  /** Mean over the rounds after the first: of the survivors' bytes, or of the net where that is less. */
  readonly growthBytesPerRound: number;
}

/** Undefined for a call site of which nothing stayed. */
export function judgeSite(site: SiteRounds): SiteJudgement | undefined {
  if (site.netBytes.length < 2 || sum(site.survivors) === 0) return undefined;
  const [verdict, reason] = verdictOf(site);
  const later = site.netBytes.length - 1;
  const bytes = Math.min(sum(site.netBytes.slice(1)), sum(site.survivorBytes.slice(1)));
  return { verdict, reason, growthBytesPerRound: Math.max(0, bytes) / later };
}

function verdictOf(site: SiteRounds): [SiteVerdict, string] {
  const survivors = site.survivors.slice(1);
  const stayed = survivors.filter((objects) => objects > 0).length;
  if (stayed === 0) return ["cache", "nothing of the rounds after the first stayed"];
  if (sum(site.netBytes.slice(1)) <= 0) return ["cache", "no larger after the last round than after the first"];
  if (site.doubtful >= sum(survivors))
    return ["unseen-frees", "may be hidden frees: of objects of its size /proc/slabinfo lacks as many as stayed"];
  const unseen = unseenFrees(site.callSite, site.impliedFrees, sum(site.survivors));
  if (unseen !== undefined) return ["unseen-frees", unseen];
  if (stayed < survivors.length)
    return [
      "unsteady",
      `something stayed of ${String(stayed)} of the ${count(survivors.length, "round")} after the first`,
    ];
  if (sum(site.netObjects.slice(1)) * 2 < sum(survivors))
    return ["unsteady", "most of what stayed took the place of something older"];
  if (survivors.length + 1 < MIN_ROUNDS)
    return ["unsteady", `two rounds cannot tell a leak from a cache that is still warming: ${REPEAT}`];
  if (survivors.length + 1 < SURE_ROUNDS && Math.min(...survivors) < Math.max(...survivors))
    return ["unsteady", `${GROWS}, by ${range(survivors)} objects: too few rounds to tell, ${REPEAT}`];
  if (diesAway(survivors))
    return ["unsteady", "less stayed of every round, as of a cache that is still warming: repeat more often"];
  if (Math.min(...survivors) * 2 < median(survivors)) return ["unsteady", `${UNEVEN}: ${range(survivors)} objects`];
  if (sum(survivors) <= site.background * BACKGROUND_MARGIN)
    return ["unsteady", `${AS_BETWEEN}: something else on the target`];
  if (mayBeChance(survivors, site.background))
    return ["unsteady", `${BY_CHANCE}: something else on the target leaves such objects, too; ${TELLS_CHANCE}`];
  return [
    "leak",
    `grew in every round after the first, by ${objectsOf(survivors)}, ${range(site.survivorBytes.slice(1))} bytes` +
      (SHRINKABLE.test(site.callSite) ? SHRINKABLE_HINT : ""),
  ];
}

export interface RoundsJudged {
  /** Those that ran to their end. */
  readonly rounds: number;
  /** Of these, those of which a command ended with another status than 0, or could not be started. */
  readonly failedRounds: number;
  readonly exact: boolean;
  readonly scope: WorkloadScope;
}

/** The verdict over a whole workload. A leak is one whatever the commands ended with; that none was found says nothing where none did its work. */
export function judgeWorkload(
  sites: readonly (SiteJudgement & { readonly group?: number })[],
  { rounds, failedRounds, exact, scope }: RoundsJudged,
): { readonly verdict: RepeatVerdict; readonly reason: string } {
  const of = (verdict: SiteVerdict) => sites.filter((site) => site.verdict === verdict).length;
  const leaks = sites.filter((site) => site.verdict === "leak");
  if (!exact)
    return {
      verdict: "unsafe",
      reason: "events were lost: a free that was not seen looks like growth, and a lost allocation hides it",
    };
  if (rounds < 2)
    return { verdict: "unsafe", reason: "fewer than two rounds ran to their end: there is nothing to compare" };
  if (leaks.length > 0) {
    const found = `${count(leaks.length, "call site")} grew in every round after the first${alike(leaks)}`;
    if (scope === "process")
      return {
        verdict: "unsafe",
        reason: `${found}, but frees outside of the workload's processes are not seen: --scope system tells`,
      };
    return { verdict: "leak", reason: found };
  }
  const failed = `a command failed in ${String(failedRounds)} of ${String(rounds)} rounds`;
  if (failedRounds === rounds)
    return { verdict: "unsafe", reason: `${failed}: no leak was found, but what did not run leaves none` };
  const grows = sites.filter(({ reason }) => reason.startsWith(GROWS)).length;
  if (grows > 0)
    return {
      verdict: "unsafe",
      reason: `${count(grows, "call site")} grew in both rounds after the first, but not alike: ${REPEAT}`,
    };
  const byChance = sites.filter(({ reason }) => reason.startsWith(BY_CHANCE));
  if (byChance.length > 0)
    return {
      verdict: "unsafe",
      reason: `${count(byChance.length, "call site")} ${BY_CHANCE}${alike(byChance)}: a leak, or something else on the target; ${TELLS_CHANCE}${
        scope === "system" ? ", or --scope process, which leaves out other processes" : ""
      }`,
    };
  const drowned = sites.filter(({ reason }) => reason.startsWith(UNEVEN) || reason.startsWith(AS_BETWEEN)).length;
  const unsteady = of("unsteady") - drowned;
  if (rounds < MIN_ROUNDS && unsteady > 0)
    return {
      verdict: "unsafe",
      reason: `${count(unsteady, "call site")} grew in the second of two rounds: a leak, or a cache that is still warming; ${REPEAT}`,
    };
  const besides = [
    failedRounds > 0 ? failed : "",
    drowned > 0
      ? `${count(drowned, "call site")} did unevenly, or between the phases as well: of something else on the target, which would hide a small leak there`
      : "",
    unsteady > 0 ? `${count(unsteady, "call site")} grew unsteadily` : "",
    of("unseen-frees") > 0 ? `${count(of("unseen-frees"), "call site")} grew whose frees raise no event` : "",
  ].filter((part) => part !== "");
  const clean = `no call site grew ${drowned > 0 ? "evenly " : ""}in every round after the first`;
  return { verdict: "clean", reason: besides.length === 0 ? clean : `${clean}; ${besides.join(", ")}` };
}

/** That some grew as others did, and how many courses there are; nothing where none did. */
function alike(sites: readonly { readonly group?: number }[]): string {
  const courses = new Set(sites.map(({ group }, i) => group ?? -1 - i)).size;
  if (courses === sites.length) return "";
  return courses === 1 ? "; all grew alike" : `; counted once where they grew alike: ${String(courses)}`;
}

/**
 * Numbers the call sites, from 1 on, that were judged alike and left as many objects as another in every round and phase; one that is alone has
 * no number. The net says nothing here: others move it.
 */
export function groupAlike<T extends Pick<GrowingCaller, "verdict" | "survivorsPerRound" | "byPhase">>(
  sites: readonly T[],
): (T & { readonly group?: number })[] {
  const keys = sites.map(({ verdict, survivorsPerRound, byPhase }) =>
    JSON.stringify([verdict, survivorsPerRound, Object.entries(byPhase)]),
  );
  const shared = [...new Set(keys)].filter((key) => keys.indexOf(key) !== keys.lastIndexOf(key));
  return sites.map((site, i) => {
    const group = shared.indexOf(keys[i]) + 1;
    return group === 0 ? site : { ...site, group };
  });
}

/** A call site's judgement as the verdict over all has it: where that is unsafe no row is a leak. */
export function underVerdict<T extends SiteJudgement>(
  site: T,
  { verdict, exact }: { readonly verdict: RepeatVerdict; readonly exact: boolean },
): T {
  if (site.verdict !== "leak" || verdict !== "unsafe") return site;
  const why = exact ? "frees outside of the workload's processes are not seen" : "events were lost";
  return { ...site, verdict: "unsteady", reason: `${site.reason}; but ${why}` };
}

/**
 * Allocators whose objects are freed in bulk, which raises no kmem event: the maple tree's nodes (mt_free_bulk in
 * lib/maple_tree.c; 98 % of their frees are unseen) and the heads of network buffers (napi_skb_cache_put in
 * net/core/skbuff.c).
 */
const FREED_IN_BULK = /^(?:(?:mas|mt|mtree)_|(?:__)?napi_(?:build_skb|skb_cache_get))/;

/**
 * One object in ten of those that seem alive. Where frees were unseen (kfree_rcu), a third to two thirds of them showed up
 * as implied frees on every kernel that was measured, because the allocator uses an address again soon; a true leak shows
 * none of its own, though a stray one may come from objects freed normally.
 */
const IMPLIED_SHARE = 0.1;

/** Why some of a call site's objects may be gone without an event, one line; undefined when nothing says so. */
export function unseenFrees(callSite: string, impliedFrees: number, aliveObjects: number): string | undefined {
  if (FREED_IN_BULK.test(callSite)) return "freed in bulk, which raises no event: compare /proc/slabinfo";
  if (impliedFrees === 0 || impliedFrees < aliveObjects * IMPLIED_SHARE) return undefined;
  return `freed without an event at least ${count(impliedFrees, "time")} (kfree_rcu or in bulk): compare /proc/slabinfo`;
}

/** Dentries and inodes stay after their last use, by design, as many as there are names, until memory is short. */
const SHRINKABLE = /^(?:__d_alloc|d_alloc|alloc_inode|new_inode|[a-z0-9_]+_alloc_inode)\+/;
const SHRINKABLE_HINT = "; may be a cache: end the workload with `echo 2 > /proc/sys/vm/drop_caches` to tell";

/** How much faster than in the pauses a call site must grow in the phases to be the workload's. */
const BACKGROUND_MARGIN = 1.5;

/** How likely it may be that chance alone leaves something of every round: of hundreds of call sites one is not to be called a leak by it. */
const CHANCE = 0.01;

/**
 * Whether the pauses' rate is enough to leave, in each of the rounds, as much as the least of them did. By Markov's inequality a round has
 * `least` objects or more with a probability of no more than mean / least, however they come in bunches.
 */
function mayBeChance(survivors: readonly number[], background: number): boolean {
  const mean = background / survivors.length;
  return (mean / Math.min(...survivors)) ** survivors.length > CHANCE;
}

function diesAway(objects: readonly number[]): boolean {
  return objects.every((now, i) => i === 0 || now < objects[i - 1]) && objects[objects.length - 1] * 4 <= objects[0];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `1 object`, `3 objects`, `2 to 5 objects` */
function objectsOf(numbers: readonly number[]): string {
  const text = range(numbers);
  return `${text} ${text === "1" ? "object" : "objects"}`;
}

function range(numbers: readonly number[]): string {
  const least = Math.min(...numbers);
  const most = Math.max(...numbers);
  return least === most ? String(least) : `${String(least)} to ${String(most)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? "" : "s"}`;
}
