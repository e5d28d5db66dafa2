/** The targets that are served. They may come and go while the server runs; one that fails is no business of the others. */
import { type Observable, type Subscription, tap } from "rxjs";
import type { LiveUpdate } from "../capture/live-update.ts";
import { messageOf } from "../model/errors.ts";
import type { TargetSummary } from "../model/wire.ts";
import type { ActionKind } from "../model/action-kinds.ts";
import type { ControlAction } from "../model/wire-request.ts";
import { WorkShare } from "./access/work-share.ts";
import { TargetHub } from "./hub/target-hub.ts";

/** What may be done to a target. */
export interface TargetControl {
  /** What {@link perform} takes, in one state of the target or another: what a page offers. */
  readonly actions: readonly ActionKind[];
  /**
   * Does it, and says in a line what was done, where there is something to say.
   *
   * @throws {KmemtapError} with a next step, where this target or its state does not allow it
   */
  perform(action: ControlAction): Promise<string | undefined>;
}

/** Gives what the image of a kernel's release takes, kmemtap.size/1 as text. */
export type Footprint = (release: string | undefined) => Promise<Buffer>;

export interface ServedTarget {
  /** What messages and URLs call it: letters, digits, dots, dashes and underscores. */
  readonly id: string;
  readonly label: string;
  /** Subscribed to when it is added, until it is removed. Its error is the target's failure, and nobody else's. */
  readonly updates: Observable<LiveUpdate>;
  /** Absent where nothing can be done to it. */
  readonly control?: TargetControl | undefined;
  /** Absent where no kernel is at hand. */
  readonly footprint?: Footprint | undefined;
}

interface Entry {
  readonly target: ServedTarget;
  readonly hub: TargetHub;
  subscription: Subscription | undefined;
}

export class TargetRegistry {
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  /** Of all targets: time for what viewers are sent. */
  readonly #share = new WorkShare();

  /** In the order in which they were added. */
  get hubs(): TargetHub[] {
    return [...this.#entries.values()].map(({ hub }) => hub);
  }

  /**
   * Serves a target from now on; what it says of itself meanwhile can be told to the hub.
   *
   * @throws {Error} where the id is taken: who configures targets checks that
   */
  add(target: ServedTarget): TargetHub {
    if (this.#entries.has(target.id)) throw new Error(`there is a target ${target.id} already`);
    const hub = new TargetHub(target.id, target.label, this.#share);
    const entry: Entry = { target, hub, subscription: undefined };
    this.#entries.set(target.id, entry);
    this.#changed();
    // What goes wrong here in an update of one target must not end the others' either.
    entry.subscription = target.updates.pipe(tap((update) => hub.publish(update))).subscribe({
      error: (thrown: unknown) => hub.say({ state: "failed", detail: messageOf(thrown) }),
    });
    return hub;
  }

  /** Its viewers hear that it is no longer there. */
  remove(id: string): void {
    this.#entries.get(id)?.subscription?.unsubscribe();
    if (this.#entries.delete(id)) this.#changed();
  }

  hub(id: string): TargetHub | undefined {
    return this.#entries.get(id)?.hub;
  }

  target(id: string): ServedTarget | undefined {
    return this.#entries.get(id)?.target;
  }

  summaries(): TargetSummary[] {
    return [...this.#entries.values()].map(({ hub, target }) => ({
      ...hub.summary(),
      actions: [...(target.control?.actions ?? [])],
    }));
  }

  /** Calls `listener` when a target was added or removed; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows none of them any more. */
  close(): void {
    for (const { subscription } of this.#entries.values()) subscription?.unsubscribe();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
