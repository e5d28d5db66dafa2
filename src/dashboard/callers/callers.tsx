/** The account itself, in the view that was chosen. */
import { ComparePanel } from "../compare/compare-panel.tsx";
import { FlamePanel } from "../flame/flame-panel.tsx";
import { type Command, KEYS } from "../keys/key-map.ts";
import { LeaksPanel } from "../leaks/leaks-panel.tsx";
import { ChoiceChips } from "../parts/choice-chips.tsx";
import { CallersRings } from "../rings/callers-rings.tsx";
import type { Account } from "../state/page-state.ts";
import { type Panel, PANELS } from "../view/view.ts";
import { changeView, view } from "../view/view-store.ts";
import { TaskSelect } from "../tasks/task-select.tsx";
import { TasksPanel } from "../tasks/tasks-panel.tsx";
import { useTaskScope } from "../tasks/use-task-scope.ts";
import type { Scope } from "../window/scope.ts";
import { WorkloadPanel } from "../workload/workload-panel.tsx";
import { CallersFilters } from "./callers-filters.tsx";
import { useKindScope } from "./use-kind-scope.ts";
import { CallersTable } from "./callers-table.tsx";
import { FilterField } from "./filter-field.tsx";

const WORDS: Record<Panel, string> = {
  callers: "Table",
  rings: "Rings",
  flame: "Flame graph",
  leaks: "Leaks",
  workload: "Workload",
  compare: "Compare",
  tasks: "Tasks",
};

const HINTS = Object.fromEntries(
  KEYS.map(({ command, does, keys }) => [command, `${does} (${keys.join(", ")})`]),
) as Record<Command, string>;

interface CallersProps {
  readonly account: Account;
  readonly scope: Scope;
}

export function Callers({ account, scope: whole }: CallersProps) {
  const { panel, filter, task } = view.value;
  const scope = useKindScope(useTaskScope(whole, task), filter.kind);
  const viewChoice = (
    <>
      <ChoiceChips
        label="Show the callers as"
        choices={PANELS}
        chosen={panel}
        words={WORDS}
        hints={HINTS}
        data="view"
        onChoose={(name) => changeView({ panel: name })}
      />
      {panel === "tasks" && <FilterField of="tasks" example="kworker" />}
      {panel !== "workload" && panel !== "tasks" && (
        <>
          <FilterField of="callers" example="ext4 inode" />
          {(panel === "callers" || panel === "rings" || (panel === "flame" && task !== null)) && (
            <TaskSelect task={task} onTask={(next) => changeView({ task: next })} />
          )}
          <CallersFilters callers={whole.callers} filter={filter} onFilter={(next) => changeView({ filter: next })} />
        </>
      )}
    </>
  );
  switch (panel) {
    case "callers":
      return <CallersTable scope={scope} viewChoice={viewChoice} />;
    case "rings":
      // Another run is another tree: what was zoomed into and held was the old one's.
      return <CallersRings key={scope.key} account={account} scope={scope} viewChoice={viewChoice} />;
    case "flame":
      return <FlamePanel account={account} nowS={scope.nowS} viewChoice={viewChoice} />;
    case "leaks":
      return <LeaksPanel account={account} viewChoice={viewChoice} />;
    case "workload":
      return <WorkloadPanel account={account} viewChoice={viewChoice} />;
    case "tasks":
      return <TasksPanel key={whole.key} scope={whole} viewChoice={viewChoice} />;
    case "compare":
      // What was held at a moment of one run was not at that of another.
      return <ComparePanel key={`${account.source.label} ${account.source.run}`} {...{ account, viewChoice }} />;
  }
}
