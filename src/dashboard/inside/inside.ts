/** What is known of an account beyond its rows, while somebody looks: the sizes of its live objects by caller, and its stacks. */
import { computed } from "@preact/signals";
import type { Inside as InsideAccount, ObjectsOfSize } from "../../model/inside.ts";
import type { StackRow } from "../../model/snapshot.ts";
import { asked } from "../api/asked.ts";
import type { Answer } from "../api/use-answer.ts";

export interface Inside {
  /** By call site, those with the most live objects first. */
  readonly objects: Answer<ReadonlyMap<string, readonly ObjectsOfSize[]>>;
  /** Those that hold the most. */
  readonly stacks: Answer<readonly StackRow[]>;
}

const account = asked<InsideAccount>("inside.json", 3000);

export const useInside = account.use;
export const inside = computed<Inside>(() => {
  const answer = account.answer.value;
  if (answer.state !== "known") return { objects: answer, stacks: answer };
  const { callers, stacks } = answer.value;
  return {
    objects: { state: "known", value: new Map(callers.map(({ callSite, sizes }) => [callSite, sizes])) },
    stacks: { state: "known", value: stacks },
  };
});
