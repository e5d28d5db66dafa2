/** What is drawn on the timeline besides its lines, for those who do not see it. */
import { useContext } from "preact/hooks";
import type { Account } from "../state/page-state.ts";
import { sayTime } from "../time/clock.ts";
import { ClockContext } from "../time/moment.tsx";
import { listSigns } from "./drawn-words.ts";

/** More than this nobody listens to; the alerts have them all. */
const MOST = 20;

export function SignList({ account }: { readonly account: Account }) {
  const clock = useContext(ClockContext);
  const lines = listSigns(account, (seconds) => sayTime(clock, seconds), MOST);
  if (lines.length === 0) return null;
  return (
    <ul class="visually-hidden" aria-label="Marked on the timeline, the newest first" data-testid="signs">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
