/**
 * What the callers held at earlier moments, as this page saw them: a row's own history, its trend, and moments to compare
 * with. Rows are shared between samples, so that one costs a map of references.
 */
import type { CallerRow, Totals } from "../../model/snapshot.ts";

export interface Sample {
  /** Trace clock, seconds. */
  readonly seconds: number;
  readonly callers: ReadonlyMap<string, CallerRow>;
  readonly totals: Totals;
  readonly exact: boolean;
}

/** Samples that are kept: past this every second one of the older half goes. */
export const MAX_SAMPLES = 48;
/** Between two of them, seconds of the viewer's clock: so that a fast recording leaves some as well. */
const EVERY_MS = 1000;

export class Recent {
  #samples: Sample[] = [];
  #run: string | null = null;
  #latest: ReadonlyMap<string, CallerRow> | null = null;
  #sampledMs = Number.NEGATIVE_INFINITY;
  readonly #active = new Map<string, number>();
  /** Before this the page was not there to see what moved. */
  #beganS = 0;

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /**
   * The account as it is now.
   *
   * @param run of which target and boot it is: another one begins anew
   * @param nowMs wall clock of this viewer
   */
  note(run: string, sample: Sample, nowMs: number): void {
    if (run !== this.#run) this.#begin(run, sample.seconds);
    if (sample.callers === this.#latest) return;
    if (this.#latest !== null) this.#noteActive(this.#latest, sample);
    this.#latest = sample.callers;
    if (nowMs - this.#sampledMs < EVERY_MS) return;
    this.#sampledMs = nowMs;
    // Another list with every sample: who computed with the last one sees that there is more.
    this.#samples = [...this.#samples, sample];
    if (this.#samples.length > MAX_SAMPLES)
      this.#samples = this.#samples.filter((_, i) => i >= MAX_SAMPLES / 2 || i % 2 === 0);
  }

  #begin(run: string, seconds: number): void {
    this.#run = run;
    this.#samples = [];
    this.#latest = null;
    this.#sampledMs = Number.NEGATIVE_INFINITY;
    this.#active.clear();
    this.#beganS = seconds;
  }

  #noteActive(before: ReadonlyMap<string, CallerRow>, { callers, seconds }: Sample): void {
    for (const [callSite, row] of callers) {
      const known = before.get(callSite);
      if (known === row) continue;
      if (known?.allocs !== row.allocs || known.frees !== row.frees) this.#active.set(callSite, seconds);
    }
  }

  /** When a caller last allocated or was freed, trace seconds; `seen` false where that was before the page watched. */
  activeAt(callSite: string): { readonly seconds: number; readonly seen: boolean } {
    const seconds = this.#active.get(callSite);
    return seconds === undefined ? { seconds: this.#beganS, seen: false } : { seconds, seen: true };
  }

  /** `[trace seconds, net bytes]` of a caller at each sample, nothing before it first allocated. */
  netOf(callSite: string): readonly (readonly [number, number])[] {
    return this.#samples.map(({ seconds, callers }) => [seconds, callers.get(callSite)?.netBytes ?? 0] as const);
  }

  /** The sample nearest to a moment, trace seconds; undefined before there is any. */
  nearest(seconds: number): Sample | undefined {
    let found: Sample | undefined;
    for (const sample of this.#samples)
      if (found === undefined || Math.abs(sample.seconds - seconds) < Math.abs(found.seconds - seconds)) found = sample;
    return found;
  }
}
