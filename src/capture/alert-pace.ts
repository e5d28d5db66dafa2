/**
 * What is said of alerts that come by the hundred: those of one kind and CPU together, the next after a pause, with the sums of what was held back. An overrun
 * goes on for as long as its cause does. Pure: time is an argument.
 */
import type { Alert } from "../model/wire.ts";

/** Between two alerts of a kind, milliseconds. */
export const PAUSE_MS = 5000;
/** So many CPUs have an alert each, by which programs know them; those of more are one. */
const MOST_APART = 4;

/** What came of a CPU since its kind was last said. */
interface Held {
  readonly last: Alert;
  readonly count: number;
  readonly events: number;
}

interface Kind {
  untilMs: number;
  readonly byCpu: Map<number | null, Held>;
}

export class AlertPace {
  /** Losses that the kernel counted are another kind than those that it did not. */
  readonly #kinds = new Map<string, Kind>();

  /** What is to be said now: of those that come, and of those that were held back for long enough. */
  take(alerts: readonly Alert[], nowMs: number): Alert[] {
    for (const alert of alerts) this.#hold(alert);
    return this.#say((untilMs) => nowMs >= untilMs, nowMs + PAUSE_MS);
  }

  /** All that is held back: the capture is over. */
  rest(): Alert[] {
    return this.#say(() => true, 0);
  }

  #hold(alert: Alert): void {
    const name = `${alert.level} ${String(alert.events === null)}`;
    const kind = this.#kinds.get(name) ?? { untilMs: 0, byCpu: new Map<number | null, Held>() };
    this.#kinds.set(name, kind);
    const { count, events } = kind.byCpu.get(alert.cpu) ?? { count: 0, events: 0 };
    kind.byCpu.set(alert.cpu, { last: alert, count: count + 1, events: events + (alert.events ?? 0) });
  }

  #say(isDue: (untilMs: number) => boolean, untilMs: number): Alert[] {
    const said: Alert[] = [];
    for (const kind of this.#kinds.values()) {
      if (kind.byCpu.size === 0 || !isDue(kind.untilMs)) continue;
      const held = [...kind.byCpu.values()];
      said.push(...(held.length <= MOST_APART ? held.map((one) => together([one])) : [together(held)]));
      kind.byCpu.clear();
      kind.untilMs = untilMs;
    }
    return said;
  }
}

/** One alert of all: itself where it is alone. */
function together(held: readonly Held[]): Alert {
  const latest = held.map(({ last }) => last).reduce((a, b) => (b.atMs >= a.atMs ? b : a));
  const count = held.reduce((sum, one) => sum + one.count, 0);
  if (count === 1) return latest;
  const cpu = held.length === 1 ? latest.cpu : null;
  const what = `${String(count)} alerts in one`;
  if (latest.events === null) return { ...latest, cpu, text: `${textsOf(held)} (${what})` };
  const events = held.reduce((sum, one) => sum + one.events, 0);
  const sums = [...held]
    .sort((a, b) => b.events - a.events)
    .map(({ last, events: lost }) => `${nameOf(last.cpu)} ${lost.toLocaleString("en")}`);
  const text = `${events.toLocaleString("en")} events lost: ${sums.join(", ")} (${what})`;
  return { ...latest, cpu, events, text };
}

function textsOf(held: readonly Held[]): string {
  const texts = held.slice(0, MOST_APART).map(({ last }) => last.text);
  const more = held.slice(MOST_APART).map(({ last }) => nameOf(last.cpu));
  return [...texts, ...(more.length === 0 ? [] : [`and ${more.join(", ")}`])].join("; ");
}

function nameOf(cpu: number | null): string {
  return cpu === null ? "the trace" : `CPU ${String(cpu)}`;
}
