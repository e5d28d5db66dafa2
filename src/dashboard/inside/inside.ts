/**
 * What of an account is asked for only while somebody looks at it: the sizes of its live objects by caller, and its stacks.
 * One question each, whoever looks.
 */
import { computed, effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Inside as InsideAccount, ObjectsOfSize } from "../../model/inside.ts";
import type { StackRow } from "../../model/snapshot.ts";
import { ask, messageOf } from "../api/ask.ts";
import type { Answer } from "../api/use-answer.ts";
import { pathOfTarget } from "../api/target-path.ts";

export interface Inside {
  /** By call site, those with the most live objects first. */
  readonly objects: Answer<ReadonlyMap<string, readonly ObjectsOfSize[]>>;
  /** Those that hold the most. */
  readonly stacks: Answer<readonly StackRow[]>;
}

const NOTHING: Inside = { objects: { state: "none" }, stacks: { state: "none" } };
const EVERY_MS = 3000;

export const inside = signal<Inside>(NOTHING);
const lookers = signal(0);
const wanted = computed(() => lookers.value > 0);

/** Asks for it as long as whoever calls this is on the page. */
export function useInside(isWanted = true): void {
  useEffect(() => {
    if (!isWanted) return undefined;
    lookers.value += 1;
    return () => {
      lookers.value -= 1;
    };
  }, [isWanted]);
}

async function look(path: string, signal: AbortSignal): Promise<Inside> {
  try {
    const { callers, stacks } = await ask<InsideAccount>(path, signal);
    return {
      objects: { state: "known", value: new Map(callers.map(({ callSite, sizes }) => [callSite, sizes])) },
      stacks: { state: "known", value: stacks },
    };
  } catch (thrown) {
    const failed = { state: "failed", why: messageOf(thrown) } as const;
    return { objects: failed, stacks: failed };
  }
}

effect(() => {
  const path = pathOfTarget("inside.json");
  inside.value = NOTHING;
  if (!wanted.value) return undefined;
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = async () => {
    const seen = await look(path, stop.signal);
    if (stop.signal.aborted) return;
    inside.value = seen;
    timer = setTimeout(() => void next(), EVERY_MS);
  };
  void next();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
});
