/** The account of lifetimes as its readers get it. O(live objects). */
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { CallerLives, Lives } from "../model/lives.ts";
import { LIVES_SCHEMA } from "../model/schema-name.ts";
import type { LifetimeAccount, SiteLives } from "./lifetimes.ts";
import { medianOf } from "./time-steps.ts";

/** Freeing call sites that are listed of each caller; the rest as one. */
const MOST_FREEING = 8;

export function composeLives(account: LifetimeAccount, callSites: Pick<CallSiteTable, "text">): Lives {
  const callers = [...account.bySite()].map(([site, lives]) => callerLives(site, lives, callSites));
  callers.sort((a, b) => (a.callSite < b.callSite ? -1 : 1));
  return { schema: LIVES_SCHEMA, pairs: account.pairs, untracked: account.untracked, callers };
}

function callerLives(site: number, lives: SiteLives, callSites: Pick<CallSiteTable, "text">): CallerLives {
  const freeing = [...lives.freedBy].map(([freedBy, sums]) => ({ callSite: callSites.text(freedBy), ...sums }));
  freeing.sort((a, b) => b.objects - a.objects || (a.callSite < b.callSite ? -1 : 1));
  const others = freeing.slice(MOST_FREEING);
  const alive = total(lives.ages);
  return {
    callSite: callSites.text(site),
    freedBy: freeing.slice(0, MOST_FREEING),
    freedByOthers: {
      callSites: others.length,
      objects: total(others.map(({ objects }) => objects)) + lives.othersObjects,
      bytes: total(others.map(({ bytes }) => bytes)) + lives.othersBytes,
    },
    lifetimes: { objects: total(lives.lived), medianS: medianOf(lives.lived), steps: withoutEnd(lives.lived) },
    ages: agesOf(alive, lives),
  };
}

/** The oldest is known to the nanosecond, a median is estimated. */
function agesOf(objects: number, { ages, oldestNs }: SiteLives): CallerLives["ages"] {
  const steps = withoutEnd(ages);
  if (objects === 0) return { objects, oldestS: null, medianS: null, steps };
  const oldestS = oldestNs / 1e9;
  return { objects, oldestS, medianS: objects === 1 ? oldestS : medianOf(ages, oldestS), steps };
}

/** Without the zeros at its end. */
function withoutEnd(steps: readonly number[]): number[] {
  return steps.slice(0, steps.findLastIndex((count) => count > 0) + 1);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
