/** What can be done with the page: hold it, download what it shows, share it, be told its keys. */
import type { ComponentChildren } from "preact";
import { Icon } from "../parts/icon.tsx";
import { formatCount, plural } from "../format/count.ts";
import { humanBytes } from "../format/bytes.ts";
import { paused, shown, togglePause } from "../watch/watch.ts";
import { ShareLink } from "./share-link.tsx";
import { SnapshotMenu } from "./snapshot-menu.tsx";

interface ToolsProps {
  readonly onHelp: () => void;
  /** What may be done to the target. */
  readonly children: ComponentChildren;
}

export function Tools({ onHelp, children }: ToolsProps) {
  return (
    <div class="tools" role="toolbar" aria-label="Page">
      <button
        type="button"
        class="chip"
        data-testid="pause"
        aria-pressed={paused.value}
        title="hold the page still (p)"
        onClick={togglePause}
      >
        <Icon name={paused.value ? "play" : "pause"} />
        {paused.value ? "Follow" : "Pause"}
      </button>
      {children}
      <SnapshotMenu />
      <ShareLink />
      <button type="button" class="chip" data-testid="keys" title="the page's keys (?)" onClick={onHelp}>
        Keys
      </button>
    </div>
  );
}

/** Across the page while it holds still: what goes on meanwhile. */
export function PauseNotice() {
  const { missed } = shown.value;
  if (!paused.value) return null;
  return (
    <div class="notice" data-testid="paused">
      <Icon name="pause" />
      <p>
        <b role="status">The page holds still.</b>{" "}
        {missed === null
          ? "Nothing has happened since."
          : `Missed: ${plural(missed.updates, "update")}, ${formatCount(missed.allocs)} allocations, net ${missed.netBytes > 0 ? "+" : ""}${humanBytes(missed.netBytes)}.`}
      </p>
      <button type="button" onClick={togglePause}>
        Follow again
      </button>
    </div>
  );
}
