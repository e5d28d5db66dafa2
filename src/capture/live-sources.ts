/**
 * Live updates with where in the source their callers are. An update never waits: what is not known yet comes with a later one, and call sites are asked for in
 * batches beside the stream.
 */
import { concat, defer, finalize, from, map, of, type Observable, switchMap, tap } from "rxjs";
import { KmemtapError, messageOf } from "../model/errors.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { SourceFinder } from "../symbols/source-finder.ts";
import type { LiveUpdate } from "./live-update.ts";
import { joinSources, type KernelChoice, openSources } from "./with-sources.ts";

/** What goes wrong is told once, and shown as a finding; the account goes on without. */
export type TroubleListener = (text: string) => void;

/** Completes behind the source, once all of the last update is looked up. */
export function liveSources(choice: KernelChoice, onTrouble: TroubleListener) {
  return (updates: Observable<LiveUpdate>): Observable<LiveUpdate> =>
    defer(() => {
      const lookup = new LiveLookup(choice, onTrouble);
      let last: LiveUpdate | undefined;
      const whole = updates.pipe(
        tap((update) => (last = update)),
        map((update) => ({ ...update, snapshot: lookup.apply(update.snapshot) })),
      );
      const rest = defer(() => {
        if (last === undefined) return of();
        const { snapshot, ...others } = last;
        const known = from(lookup.settle(snapshot));
        return known.pipe(
          switchMap(() =>
            of({ ...others, newPoints: [], newAlerts: [], newMarks: [], snapshot: lookup.apply(snapshot) }),
          ),
        );
      });
      return concat(whole, rest).pipe(finalize(() => void lookup.close()));
    });
}

class LiveLookup {
  readonly #choice: KernelChoice;
  readonly #onTrouble: TroubleListener;
  #finder: Promise<SourceFinder | undefined> | undefined;
  #open: SourceFinder | undefined;
  /** Of which kernel: a target may come back with another. */
  #kernel = "";
  #asking: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(choice: KernelChoice, onTrouble: TroubleListener) {
    this.#choice = choice;
    this.#onTrouble = onTrouble;
  }

  apply(snapshot: Snapshot): Snapshot {
    if (this.#asking === undefined) this.#ask(snapshot);
    if (this.#open !== undefined) return joinSources(snapshot, this.#open.known, this.#open.facts);
    const findings = this.#trouble === undefined ? ["the kernel is being read"] : [this.#trouble];
    const facts = { kernel: this.#choice.kernel, release: null, buildId: null, symbolizer: null, findings };
    return joinSources(snapshot, new Map(), facts);
  }

  /** All call sites of the snapshot are looked up, or nothing more will be. */
  async settle(snapshot: Snapshot): Promise<void> {
    await this.#asking;
    this.#ask(snapshot);
    await this.#asking;
  }

  async close(): Promise<void> {
    // What failed was told by who asked.
    const finder = await this.#finder?.catch(() => undefined);
    await finder?.close();
  }

  #ask(snapshot: Snapshot): void {
    const { callers, release = "", buildId = "" } = snapshot;
    // Of a target that is still being armed nobody knows its kernel, and of nothing is nothing to ask.
    if (callers.length === 0) return;
    const kernel = `${release} ${buildId}`;
    if (kernel !== this.#kernel) {
      this.#kernel = kernel;
      void this.close();
      this.#open = undefined;
      this.#trouble = undefined;
      this.#finder = undefined;
    }
    const known = this.#open?.known;
    const news = callers.filter(({ callSite }) => known?.has(callSite) !== true).map(({ callSite }) => callSite);
    if (news.length === 0 || this.#trouble !== undefined) return;
    this.#finder ??= openSources(this.#choice, snapshot);
    this.#asking = this.#finder
      .then(async (finder) => {
        await finder?.of(news);
        this.#open = finder;
      })
      .catch((thrown: unknown) => {
        const help = thrown instanceof KmemtapError && thrown.nextStep !== undefined ? `: ${thrown.nextStep}` : "";
        this.#trouble = messageOf(thrown) + help;
        this.#onTrouble(this.#trouble);
        const failed = this.#finder;
        this.#finder = undefined;
        return failed?.then((finder) => finder?.close()).catch(() => undefined);
      })
      .finally(() => {
        this.#asking = undefined;
      });
  }
}
