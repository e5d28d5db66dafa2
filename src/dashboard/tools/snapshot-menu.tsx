/** The account as it is now, in each form that the server has. */
import { signal } from "@preact/signals";
import { messageOf } from "../api/ask.ts";
import { pathOfTarget } from "../api/target-path.ts";
import { download } from "../link/token.ts";
import { Popover } from "../parts/popover.tsx";
import { view } from "../view/view-store.ts";
import { FORMATS, nameOf, queryOf } from "./snapshot-formats.ts";

export const SNAPSHOT_MENU = "snapshot-menu";

const failed = signal<string | null>(null);

async function save(extension: string): Promise<void> {
  failed.value = null;
  try {
    await download(
      pathOfTarget(`snapshot.${extension}${queryOf(extension, view.peek())}`),
      nameOf(extension, new Date()),
    );
  } catch (thrown) {
    failed.value = messageOf(thrown);
  }
}

export function SnapshotMenu() {
  return (
    <Popover
      testId={SNAPSHOT_MENU}
      class="popover-right popover-chip"
      title="download a snapshot (s)"
      summary="Snapshot"
    >
      <ul class="formats">
        {FORMATS.map(({ extension, says }) => (
          <li key={extension}>
            <button type="button" data-format={extension} onClick={() => void save(extension)}>
              {extension}
            </button>
            <span>{says}</span>
          </li>
        ))}
      </ul>
      {view.value.window !== null && (
        <p class="formats-note">A file is of the window, but for both texts, which are of the whole run.</p>
      )}
      <p class="lossy" role="status">
        {failed.value}
      </p>
    </Popover>
  );
}
