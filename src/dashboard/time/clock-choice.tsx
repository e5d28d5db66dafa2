import { useContext } from "preact/hooks";
import { changeView } from "../view/view-store.ts";
import { CLOCKS, type ClockKind } from "./clock.ts";
import { ClockContext } from "./moment.tsx";

const HINTS: Record<ClockKind, string> = {
  ago: "say when something was as so long ago",
  uptime: "say when something was by the trace's own clock, which counts from the target's boot",
};

export function ClockChoice() {
  const { kind } = useContext(ClockContext);
  return (
    <div class="views" role="group" aria-label="Times are">
      {CLOCKS.map((name) => (
        <button
          key={name}
          type="button"
          class="chip"
          aria-pressed={kind === name}
          data-clock={name}
          title={HINTS[name]}
          onClick={() => changeView({ clock: name })}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
