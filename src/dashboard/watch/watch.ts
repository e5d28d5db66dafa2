/** What the page shows, as signals: the latest of the session, or what it was when the viewer said stop. */
import { computed, effect, signal } from "@preact/signals";
import { page } from "../state/session.ts";
import { nextShown, type Shown } from "./pause.ts";
import { recent } from "./seen.ts";

export const paused = signal(false);
export const shown = signal<Shown>({ page: page.value, missed: null });
export const account = computed(() => shown.value.page.account);

export function togglePause(): void {
  paused.value = !paused.value;
}

effect(() => {
  const latest = page.value;
  const isPaused = paused.value;
  const next = nextShown(shown.peek(), latest, isPaused);
  if (isPaused && next.missed === null && next.page.account !== null && shown.peek().page.account !== next.page.account)
    paused.value = false;
  note(latest.account);
  shown.value = next;
});

function note(latest: Shown["page"]["account"]): void {
  if (latest === null) return;
  const { callers, totals, exact, window, source, history } = latest;
  const seconds = window.lastEventNs === null ? (history.at(-1)?.[0] ?? 0) : window.lastEventNs / 1e9;
  recent.note(`${source.label} ${source.run}`, { seconds, callers, totals, exact }, Date.now());
}
