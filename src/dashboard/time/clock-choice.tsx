import { useContext } from "preact/hooks";
import { ChoiceChips } from "../parts/choice-chips.tsx";
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
    <ChoiceChips
      label="Times are"
      choices={CLOCKS}
      chosen={kind}
      words={{ ago: "ago", uptime: "uptime" }}
      hints={HINTS}
      data="clock"
      onChoose={(name) => changeView({ clock: name })}
    />
  );
}
