import { useEffect, useLayoutEffect } from "preact/hooks";
import { humanBytes } from "../format/bytes.ts";
import type { Account } from "../state/page-state.ts";

/** The tab's title tells the figure and its trust, and the page's accent follows `data-exact` of the root element. */
export function useDocumentMarks(account: Account | null): void {
  const exact = account?.exact ?? true;
  const title =
    account === null
      ? "kmemtap"
      : `${exact ? "" : "⚠ ≈ "}${humanBytes(account.totals.netBytes)} · ${account.source.label} · kmemtap`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  // Before the chart's effects, which read the colours that follow from it.
  useLayoutEffect(() => {
    document.documentElement.dataset["exact"] = String(exact);
  }, [exact]);
}
