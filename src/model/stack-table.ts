/**
 * Kernel stacks as small integers, and who is charged by them: the innermost frame, from the call site on, that is not of a
 * function that allocates for its callers.
 */
import type { CallSiteTable } from "./call-site-table.ts";
import { functionOf } from "./function-name.ts";
import { WrapperList } from "./wrapper-list.ts";

/** Different stacks that are kept: some 10 MB. Beyond that allocations are charged all the same, but their stacks are forgotten. */
export const MAX_STACKS = 1 << 16;
/** A chain of calls has fewer; what is further out is cut off. */
const MAX_FRAMES = 128;

/** Whom a stack charges: a frame, by its id in the table of call sites; and the function of the wrapper just inside of it, if any. */
export interface Charge {
  readonly site: number;
  readonly via: string | undefined;
}

/** Ids begin at 1: 0 is no stack. */
export class StackTable {
  readonly #callSites: CallSiteTable;
  readonly #wrappers: WrapperList;
  readonly #max: number;
  /** By call site. */
  readonly #isWrapper: boolean[] = [];
  readonly #stacks: (readonly number[])[] = [[]];
  readonly #charges: Charge[] = [{ site: 0, via: undefined }];
  /** Ids by a hash of the frames. */
  readonly #ids = new Map<number, number[]>();
  #beyond = 0;

  constructor(callSites: CallSiteTable, wrappers: WrapperList = new WrapperList([]), max = MAX_STACKS) {
    this.#callSites = callSites;
    this.#wrappers = wrappers;
    this.#max = max;
  }

  /** One more than the ids. */
  get size(): number {
    return this.#stacks.length;
  }

  /** Allocations whose stack was not kept. */
  get beyond(): number {
    return this.#beyond;
  }

  /** The frames of a stack, from the call site outwards, by their ids in the table of call sites. */
  frames(id: number): readonly number[] {
    return this.#stacks[id];
  }

  charge(id: number): Charge {
    return this.#charges[id];
  }

  /**
   * Where in the frames the call site is, -1 where it is not among them. A frame may have been printed without its offset.
   */
  find(frames: readonly number[], callSite: number): number {
    const at = frames.indexOf(callSite);
    if (at >= 0 || frames.length === 0 || this.#hasOffset(frames[0])) return at;
    const name = this.#symbol(callSite);
    return frames.findIndex((frame) => this.#callSites.text(frame) === name);
  }

  /** The stack's id, 0 where no more are kept; and whom it charges. */
  add(frames: readonly number[], from: number): { readonly id: number; readonly charge: Charge } {
    const to = Math.min(frames.length, from + MAX_FRAMES);
    let hash = to - from;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ frames[i], 0x9e3779b1) ^ (hash >>> 15);
    let ids = this.#ids.get(hash);
    const known = ids?.find((id) => this.#equals(id, frames, from, to));
    if (known !== undefined) return { id: known, charge: this.#charges[known] };
    const charge = this.#chargeOf(frames, from, to);
    if (this.#stacks.length > this.#max) {
      this.#beyond += 1;
      return { id: 0, charge };
    }
    const id = this.#stacks.length;
    this.#stacks.push(frames.slice(from, to));
    this.#charges.push(charge);
    if (ids === undefined) this.#ids.set(hash, (ids = []));
    ids.push(id);
    return { id, charge };
  }

  #equals(id: number, frames: readonly number[], from: number, to: number): boolean {
    const kept = this.#stacks[id];
    if (kept.length !== to - from) return false;
    for (let i = from; i < to; i++) if (kept[i - from] !== frames[i]) return false;
    return true;
  }

  #chargeOf(frames: readonly number[], from: number, to: number): Charge {
    let at = from;
    while (at < to && this.#wraps(frames[at])) at++;
    // Nobody but wrappers: the call site itself, as without a stack.
    if (at === to || at === from) return { site: frames[from], via: undefined };
    return { site: frames[at], via: functionOf(this.#callSites.text(frames[at - 1])).name };
  }

  #wraps(site: number): boolean {
    return (this.#isWrapper[site] ??= this.#wrappers.has(this.#callSites.text(site)));
  }

  #hasOffset(frame: number): boolean {
    return this.#callSites.text(frame).includes("+0x");
  }

  /** `kstrdup` of `kstrdup+0x30/0x60`, `fat_fill [fat]` of `fat_fill+0x1/0x2 [fat]`: as a frame without its offset reads. */
  #symbol(site: number): string {
    return this.#callSites.text(site).replace(/\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?/, "");
  }
}
