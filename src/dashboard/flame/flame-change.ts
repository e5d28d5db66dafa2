/** What stacks changed by in a window, of which a flame graph draws only what grew: no frame is narrower than nothing. Pure. */
import type { WindowStack } from "../window/use-window.ts";

/** What may fall, too: bytes, or objects. */
export type ChangeMeasure = "netBytes" | "liveObjects";

export interface FlameChange {
  readonly grew: { readonly stacks: number; readonly amount: number };
  /** Amounts above zero, by whom they are charged to, the most first. */
  readonly fell: {
    readonly stacks: number;
    readonly amount: number;
    readonly callers: readonly { readonly caller: string; readonly amount: number }[];
  };
}

export function changeOf(
  stacks: readonly Pick<WindowStack, "caller" | ChangeMeasure>[],
  measure: ChangeMeasure,
): FlameChange {
  const grew = { stacks: 0, amount: 0 };
  const fell = { stacks: 0, amount: 0 };
  const callers = new Map<string, number>();
  for (const stack of stacks) {
    const change = stack[measure];
    if (change === 0) continue;
    const of = change > 0 ? grew : fell;
    of.stacks += 1;
    of.amount += Math.abs(change);
    if (change < 0) callers.set(stack.caller, (callers.get(stack.caller) ?? 0) - change);
  }
  const byAmount = [...callers].map(([caller, amount]) => ({ caller, amount }));
  byAmount.sort((a, b) => b.amount - a.amount || (a.caller < b.caller ? -1 : 1));
  return { grew, fell: { ...fell, callers: byAmount } };
}
