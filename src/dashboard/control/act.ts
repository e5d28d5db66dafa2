/** What was asked of the target, and what became of it. */
import { signal } from "@preact/signals";
import type { ControlAction } from "../../model/wire-request.ts";
import { messageOf } from "../api/ask.ts";
import { control } from "../state/session.ts";

export type Said =
  | { readonly state: "asked"; readonly what: string }
  | { readonly state: "done"; readonly what: string; readonly kind: ControlAction["kind"] }
  | { readonly state: "refused"; readonly what: string };

const SAID_MS = 8000;

/** Null where nothing was asked lately. */
export const said = signal<Said | null>(null);

/** @param what as people call it: `mark` */
export async function act(action: ControlAction, what: string): Promise<void> {
  said.value = { state: "asked", what: `${what} …` };
  let next: Said;
  try {
    next = { state: "done", kind: action.kind, what: (await control(action)) ?? `${what}: done` };
  } catch (thrown) {
    next = { state: "refused", what: `${what}: ${messageOf(thrown)}` };
  }
  said.value = next;
  // What a workload printed takes longer to read: it stays until something else is asked.
  if (next.state === "done" && next.kind === "run") return;
  setTimeout(() => {
    if (said.peek() === next) said.value = null;
  }, SAID_MS);
}
