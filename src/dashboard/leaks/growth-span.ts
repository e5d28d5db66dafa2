/** Of which time Leaks tells what grew. */
import { useMemo } from "preact/hooks";
import type { WorkloadView } from "../../model/workload-view.ts";
import type { Answer } from "../api/use-answer.ts";
import type { Account } from "../state/page-state.ts";
import { view } from "../view/view-store.ts";
import type { Span } from "../view/view.ts";
import { whileItRan } from "./kept-moments.ts";

export interface GrowthSpan {
  /** Null for the whole run. */
  readonly value: Span | null;
  readonly what: "window" | "workload" | "run";
  readonly inWords: string;
  /** Whether it stays: how long the workload ran may still be asked for. */
  readonly isKnown: boolean;
}

/** The window that is chosen, else the time of the workload, else the whole run. */
export function useGrowthSpan({ workload: progress }: Account, answer: Answer<WorkloadView>): GrowthSpan {
  const { window } = view.value;
  const ran = window === null && answer.state === "known" ? whileItRan(answer.value) : null;
  // The answer comes again and again: what it says is mostly the same.
  const value = useMemo(() => window ?? ran, [window, ran?.min, ran?.max]);
  const isKnown = window !== null || progress === undefined || answer.state === "known" || answer.state === "failed";
  if (window !== null) return { value, what: "window", inWords: "in the window", isKnown };
  if (ran === null) return { value, what: "run", inWords: "in this run", isKnown };
  const inWords = ran.max === Infinity ? "since the workload began" : "while the workload ran";
  return { value, what: "workload", inWords, isKnown };
}
