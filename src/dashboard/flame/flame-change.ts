/** What stacks changed by in a window, of which a flame graph draws only what grew: no frame is narrower than nothing. Pure. */
import type { WindowStack } from "../window/use-window.ts";

export interface FlameChange {
  readonly grew: { readonly stacks: number; readonly bytes: number };
  /** Bytes above zero, by whom they are charged to, the most first. */
  readonly fell: {
    readonly stacks: number;
    readonly bytes: number;
    readonly callers: readonly { readonly caller: string; readonly bytes: number }[];
  };
}

export function changeOf(stacks: readonly Pick<WindowStack, "caller" | "netBytes">[]): FlameChange {
  const grew = { stacks: 0, bytes: 0 };
  const fell = { stacks: 0, bytes: 0 };
  const callers = new Map<string, number>();
  for (const { caller, netBytes } of stacks) {
    if (netBytes === 0) continue;
    const of = netBytes > 0 ? grew : fell;
    of.stacks += 1;
    of.bytes += Math.abs(netBytes);
    if (netBytes < 0) callers.set(caller, (callers.get(caller) ?? 0) - netBytes);
  }
  const byBytes = [...callers].map(([caller, bytes]) => ({ caller, bytes }));
  byBytes.sort((a, b) => b.bytes - a.bytes || (a.caller < b.caller ? -1 : 1));
  return { grew, fell: { ...fell, callers: byBytes } };
}
