import { useEffect, useLayoutEffect } from "preact/hooks";
import { humanBytes } from "../format/bytes.ts";
import type { Account } from "../state/page-state.ts";
import { usePaced } from "./use-paced.ts";

const TITLE_MS = 1000;

/** The tab's title tells the figure and its trust, and the page's accent follows `data-exact` of the root element. */
export function useDocumentMarks(account: Account | null): void {
  const exact = account?.exact ?? true;
  const title =
    account === null
      ? "kmemtap"
      : `${exact ? "" : "⚠ ≈ "}${humanBytes(account.totals.netBytes)} · ${account.source.label} · kmemtap`;
  // Each is a word with the browser's own window.
  const told = usePaced(title, TITLE_MS);
  useEffect(() => {
    document.title = told;
  }, [told]);
  // Before the chart's effects, which read the colours that follow from it.
  useLayoutEffect(() => {
    document.documentElement.dataset["exact"] = String(exact);
  }, [exact]);
}
