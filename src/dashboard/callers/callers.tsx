/** The callers, as a table or as rings. */
import { useState } from "preact/hooks";
import { CallersRings } from "../rings/callers-rings.tsx";
import type { Account } from "../state/page-state.ts";
import { CallersTable } from "./callers-table.tsx";

const VIEWS = { table: "Table", rings: "Rings" } as const;
type View = keyof typeof VIEWS;

export function Callers({ account }: { readonly account: Account }) {
  // In the address, so that a link to the rings shows them.
  const [view, setView] = useState<View>(() => (location.hash === "#rings" ? "rings" : "table"));
  const show = (next: View) => {
    setView(next);
    history.replaceState(null, "", next === "rings" ? "#rings" : location.pathname + location.search);
  };
  const viewChoice = (
    <div class="views" role="group" aria-label="Show the callers as">
      {(Object.keys(VIEWS) as View[]).map((name) => (
        <button
          key={name}
          type="button"
          class="chip"
          aria-pressed={view === name}
          data-view={name}
          onClick={() => show(name)}
        >
          {VIEWS[name]}
        </button>
      ))}
    </div>
  );
  if (view === "table") return <CallersTable account={account} viewChoice={viewChoice} />;
  // Another run is another tree: what was zoomed into and held was the old one's.
  return <CallersRings key={account.source.run} account={account} viewChoice={viewChoice} />;
}
