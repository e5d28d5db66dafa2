/** What the server says of a window of the trace: of all callers, of one task's, or of tasks. */
import { pathOfTarget } from "../api/target-path.ts";
import { type Answer, useAnswer } from "../api/use-answer.ts";
import type { Span } from "../view/view.ts";
import type { WindowCaller } from "../../model/window-rows.ts";

/** Changes: net bytes are negative where more was freed than allocated. */
export interface WindowFigures {
  readonly netBytes: number;
  readonly totalBytes: number;
  readonly allocs: number;
  readonly frees: number;
  readonly liveObjects: number;
}

export interface WindowTask extends WindowFigures {
  readonly id: number;
  readonly pid: number | null;
  readonly comm: string;
  readonly callSites: number;
}

export interface WindowStack extends WindowFigures {
  /** Call sites, from the allocation outwards. */
  readonly frames: readonly string[];
  /** The row that is charged. */
  readonly caller: string;
}

export interface WindowAnswer {
  readonly from: { readonly used: number };
  readonly to: { readonly used: number };
  readonly totals: WindowFigures;
  readonly callers: readonly WindowCaller[];
  readonly tasks?: readonly WindowTask[];
  /** Of those that changed the most; the others are added up. */
  readonly stacks?: readonly WindowStack[];
  readonly stacksBeyond?: WindowFigures & { readonly stacks: number };
}

/** A window that reaches to the present goes on. */
const AGAIN_MS = 2000;

/**
 * @param window null while nothing is wanted
 * @param nowS trace clock of the account's last event, seconds
 * @param part `by=task`, `by=stack`, `task=7`; empty for all callers
 */
export function useWindow(window: Span | null, nowS: number, part = ""): Answer<WindowAnswer> {
  const isOpen = window !== null && window.max >= nowS;
  const query = window === null ? "" : `from=${window.min}&to=${window.max}${part === "" ? "" : `&${part}`}`;
  return useAnswer<WindowAnswer>(window === null ? null : pathOfTarget(`window.json?${query}`), isOpen ? AGAIN_MS : 0);
}
