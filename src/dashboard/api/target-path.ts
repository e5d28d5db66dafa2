/** Where the server answers for the target that the page shows. */
import { view } from "../view/view-store.ts";

/** Only target of `live` and `demo`. */
const ONLY_TARGET = "target";

/** `snapshot.json` → `api/targets/target/snapshot.json`; a signal is read: who computes with it follows the target. */
export function pathOfTarget(rest: string): string {
  return `api/targets/${encodeURIComponent(view.value.target ?? ONLY_TARGET)}/${rest}`;
}
