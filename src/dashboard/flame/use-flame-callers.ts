/** Which callers' stacks are drawn: those that the page's filter shows, as in the table; undefined where it shows all. */
import { useMemo } from "preact/hooks";
import type { CallerRow } from "../../model/snapshot.ts";
import { filterCallers, isFiltering } from "../callers/filter-callers.ts";
import { useKindScope } from "../callers/use-kind-scope.ts";
import type { Account } from "../state/page-state.ts";
import { view } from "../view/view-store.ts";
import { wholeScope } from "../window/scope.ts";

export interface FlameCallers {
  readonly rows: readonly CallerRow[];
  /** In place of a graph, where no caller is shown. */
  readonly nothing: string;
}

export function useFlameCallers(account: Account): FlameCallers | undefined {
  const { filter } = view.value;
  // Of a window, too, it is asked of all callers: those of its own are of other moments than its stacks.
  const scope = useKindScope(wholeScope(account), filter.kind);
  const rows = useMemo(() => filterCallers(scope.callers.values(), filter), [scope.callers, filter]);
  if (!isFiltering(filter)) return undefined;
  return { rows, nothing: scope.callers.size === 0 ? scope.nothing : "No caller matches the filter" };
}
