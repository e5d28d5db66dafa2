/** The timeline at its own pace: a line of minutes gains nothing from ten drawings a second, and each is dearer than the table's. */
import { useMemo } from "preact/hooks";
import { usePaced } from "../parts/use-paced.ts";
import { clockOf } from "../time/clock.ts";
import { ClockContext } from "../time/moment.tsx";
import { view } from "../view/view-store.ts";
import { Timeline, type TimelineProps } from "./timeline.tsx";

const EVERY_MS = 300;

export function PacedTimeline({ account, used }: TimelineProps) {
  const drawn = usePaced(account, EVERY_MS);
  const { clock: kind } = view.value;
  const clock = useMemo(() => clockOf(drawn, kind), [drawn, kind]);
  const [min, max] = [used?.min, used?.max];
  // The same element is not looked into.
  return useMemo(
    () => (
      <ClockContext.Provider value={clock}>
        <Timeline account={drawn} used={used} />
      </ClockContext.Provider>
    ),
    [clock, drawn, min, max],
  );
}
