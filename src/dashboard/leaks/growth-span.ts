/** Of which time Leaks tells what grew. */
import { useMemo } from "preact/hooks";
import type { Account } from "../state/page-state.ts";
import { view } from "../view/view-store.ts";
import type { Span } from "../view/view.ts";
import { whileItRan } from "./kept-moments.ts";

export interface GrowthSpan {
  /** Null for the whole run; the same as long as it lasts. */
  readonly value: Span | null;
  readonly what: "window" | "workload" | "run";
  readonly inWords: string;
}

/** The window that is chosen, else the time of the workload, else the whole run. */
export function useGrowthSpan({ marks, workload }: Account): GrowthSpan {
  const { window } = view.value;
  const ran = useMemo(() => whileItRan(marks, workload), [marks, workload]);
  const value = useMemo(() => window ?? ran, [window, ran?.min, ran?.max]);
  if (window !== null) return { value, what: "window", inWords: "in the window" };
  if (ran === null) return { value, what: "run", inWords: "in this run" };
  const inWords = ran.max === Infinity ? "since the workload began" : "while the workload ran";
  return { value, what: "workload", inWords };
}
