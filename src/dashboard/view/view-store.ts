/** The view there is, kept in the address. */
import { effect, signal } from "@preact/signals";
import { decodeView, encodeView, MAX_OPEN } from "./view-hash.ts";
import type { Span, View } from "./view.ts";

export const view = signal<View>(decodeView(location.hash));

export function changeView(part: Partial<View>): void {
  view.value = { ...view.value, ...part };
}

/** @param moments seconds between those that the server keeps there now */
export function setWindow(window: Span | null, moments: number | null = null): void {
  changeView({ window, moments });
}

/** Opens a row, or closes it; the one that was opened first closes where there are too many. */
export function toggleRow(callSite: string): void {
  const { open } = view.value;
  const others = open.filter((one) => one !== callSite);
  changeView({ open: others.length < open.length ? others : [...others, callSite].slice(-MAX_OPEN) });
}

/** Another view than the one that the link named is another address; typing in a field is no step to go back to. */
export function keepInAddress(): void {
  let written = location.hash;
  effect(() => {
    const words = encodeView(view.value);
    const hash = words === "" ? "" : `#${words}`;
    if (hash === written) return;
    written = hash;
    history.replaceState(null, "", hash === "" ? location.pathname + location.search : hash);
  });
  addEventListener("hashchange", () => {
    written = location.hash;
    view.value = decodeView(location.hash);
  });
}
