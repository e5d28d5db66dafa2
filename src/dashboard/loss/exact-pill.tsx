import { Icon } from "../parts/icon.tsx";

const EXACT = "Exact: the kernel lost no event in this run, and every line of the trace was understood.";
const NOT_EXACT = "Not exact: events were lost or lines could not be read. Figures with ≈ are approximate.";

export function ExactPill({ exact }: { readonly exact: boolean }) {
  return (
    <p class="pill" data-testid="exact" data-exact={String(exact)} title={exact ? EXACT : NOT_EXACT}>
      <Icon name={exact ? "check" : "warning"} />
      <b>{exact ? "exact" : "not exact"}</b>
      <span class="pill-meaning">{exact ? "no event lost, every line read" : "figures with ≈ are approximate"}</span>
    </p>
  );
}
