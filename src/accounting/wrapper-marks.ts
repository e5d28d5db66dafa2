/** Which call sites are of wrappers, and how many sizes those were asked for: what tells that several callers hide behind one. */
import type { CallSiteTable } from "../model/call-site-table.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import { CLASS, ClassField } from "./object-classes.ts";

export class WrapperMarks {
  readonly #wrappers: WrapperList;
  readonly #callSites: Pick<CallSiteTable, "text">;
  /** By call site: undefined while it was not looked at. */
  readonly #isWrapper: boolean[] = [];
  readonly #sizes = new Map<number, Set<number>>();
  #classesSeen = 0;

  constructor(wrappers: WrapperList, callSites: Pick<CallSiteTable, "text">) {
    this.#wrappers = wrappers;
    this.#callSites = callSites;
  }

  has(site: number): boolean {
    return (this.#isWrapper[site] ??= this.#wrappers.has(this.#callSites.text(site)));
  }

  /** Takes in the classes that are new since the last time: a class is never taken away. */
  look(classes: Float64Array): void {
    const count = classes.length / CLASS;
    for (; this.#classesSeen < count; this.#classesSeen++) {
      const at = this.#classesSeen * CLASS;
      const site = classes[at + ClassField.callSite];
      if (!this.has(site)) continue;
      let sizes = this.#sizes.get(site);
      if (sizes === undefined) this.#sizes.set(site, (sizes = new Set()));
      sizes.add(classes[at + ClassField.bytesReq]);
    }
  }

  /** Different bytes_req that a wrapper was asked for. */
  sizesOf(site: number): number {
    return this.#sizes.get(site)?.size ?? 0;
  }
}
