/** The stacks of the callers that are shown: a stack is of the caller that is charged with it. Pure. */
import { chargedBy } from "../../model/caller.ts";

interface Charged {
  readonly frames: readonly string[];
  readonly caller: string;
}

/** @param shown callers by call site */
export function stacksOf<Stack extends Charged>(
  stacks: readonly Stack[],
  shown: readonly { readonly callSite: string; readonly caller: string }[],
): Stack[] {
  const callSites = new Set(shown.map(({ callSite }) => callSite));
  const callers = new Set(shown.map(({ caller }) => caller));
  return stacks.filter((stack) => {
    const callSite = chargedBy(stack);
    return callSite === undefined ? callers.has(stack.caller) : callSites.has(callSite);
  });
}
