/** Where the server answers for the target that the page shows. */
import { computed } from "@preact/signals";
import { page } from "../state/session.ts";

const shownTarget = computed(() => page.value.target);

/** `snapshot.json` → `api/targets/board-3/snapshot.json`; a signal is read: who computes with it follows the target. */
export function pathOfTarget(rest: string): string {
  return `api/targets/${encodeURIComponent(shownTarget.value ?? "target")}/${rest}`;
}
