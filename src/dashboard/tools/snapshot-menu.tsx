/** The account as it is now, in each form that the server has. */
import { useRef } from "preact/hooks";
import { pathOfTarget } from "../api/target-path.ts";
import { urlOf } from "../api/ask.ts";
import { Popover } from "../parts/popover.tsx";
import { view } from "../view/view-store.ts";
import { FORMATS, queryOf } from "./snapshot-formats.ts";

export const SNAPSHOT_MENU = "snapshot-menu";

export function SnapshotMenu() {
  const list = useRef<HTMLUListElement>(null);
  const query = queryOf(view.value);
  return (
    <Popover
      testId={SNAPSHOT_MENU}
      class="popover-right popover-chip"
      title="download a snapshot (s)"
      summary="Snapshot"
    >
      <ul class="notes" ref={list}>
        {FORMATS.map(({ extension, says }) => (
          <li key={extension}>
            <a href={urlOf(pathOfTarget(`snapshot.${extension}${query}`)).href} download={`kmemtap.${extension}`}>
              {extension}
            </a>{" "}
            {says}
          </li>
        ))}
      </ul>
    </Popover>
  );
}
