/** What of the page's choices a flame graph cannot follow. */
import { formatCount } from "../format/count.ts";

/** As many as the server lists (`inside.json`, `window.json?by=stack`). */
const MOST_LISTED = 1000;

interface FlameNotesProps {
  readonly isOfTask: boolean;
  /** Stacks that are filtered; 0 where none are. */
  readonly listed: number;
}

export function FlameNotes({ isOfTask, listed }: FlameNotesProps) {
  const isCut = listed >= MOST_LISTED;
  if (!isOfTask && !isCut) return null;
  return (
    <p class="leaks-note panel-note" data-testid="flame-notes" role="note">
      {isOfTask && "Stacks are not kept by task: these are of all tasks. "}
      {isCut && `Filtered are the ${formatCount(listed)} stacks that are listed; smaller ones are not looked at.`}
    </p>
  );
}
