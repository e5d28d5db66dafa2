/**
 * What histograms of the kernel add up to, counted from a full trace of the same window: an object that is freed is charged to
 * the call site of the last allocation at its address; one whose address was allocated again with no free seen stays in the
 * net. Shares no code with the product.
 */

const EVENT =
  /^\s*.{1,16}?-(\d+)\s+(?:\([ \d-]+\)\s+)?\[\d+\]\s+(?:(\S+)\s+)?(\d+\.\d+): (kmalloc|kmem_cache_alloc|kmalloc_node|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(.*?) ptr=\s*(\S+)(.*)$/;

export interface HistFigures {
  allocs: number;
  frees: number;
  totalBytes: number;
  requestedBytes: number;
  netBytes: number;
  netRequestedBytes: number;
}
export type HistSites = Readonly<Record<string, HistFigures>>;

interface Event {
  readonly counts: boolean;
  readonly free: boolean;
  readonly site: string;
  readonly ptr: string;
  readonly alloc: number;
  readonly req: number;
}

export interface HistTrace {
  readonly events: readonly Event[];
  /** Events of each second of the trace clock, from the first to the last. */
  readonly perSecond: readonly number[];
}

/** @param excludedPids tasks whose own allocations are not counted; what they free is */
export function histTrace(trace: string, excludedPids: ReadonlySet<number>): HistTrace {
  const events: Event[] = [];
  const perSecond = new Map<number, number>();
  for (const line of trace.split("\n")) {
    const match = EVENT.exec(line);
    if (match === null) continue;
    const [, pid, flags = "", seconds, kind, site, ptr, rest] = match;
    const second = Math.floor(Number(seconds));
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    const free = kind.includes("free");
    events.push({
      free,
      // An interrupt, or a softirq, only borrows the task.
      counts: free || !excludedPids.has(Number(pid)) || /[shHzZ]/.test(flags),
      site,
      ptr,
      alloc: Number(/ bytes_alloc=(\d+)/.exec(rest)?.[1] ?? 0),
      req: Number(/ bytes_req=(\d+)/.exec(rest)?.[1] ?? 0),
    });
  }
  return { events, perSecond: [...perSecond].sort(([a], [b]) => a - b).map(([, count]) => count) };
}

/** The account of all events but the first and the last few. */
export function countHist({ events }: HistTrace, from = 0, to = events.length): HistSites {
  const count = new Count();
  for (let i = from; i < to; i++) count.add(events[i]);
  return count.sites;
}

/**
 * How many events at the beginning and at the end belong to one of the two only: the kernel enables and disables the triggers
 * one after the other, and interrupts come in between. Undefined where no such cut, of `most` events at each edge, makes the two
 * accounts one.
 */
export function edgesOf(trace: HistTrace, wanted: HistSites, most: number): readonly [number, number] | undefined {
  const { events } = trace;
  for (let from = 0; from <= most; from++) {
    const count = new Count();
    const differs = new Set(Object.keys(wanted));
    let best: number | undefined;
    for (let i = from; i < events.length; i++) {
      const site = count.add(events[i]);
      if (site !== undefined) {
        if (same(count.sites[site], wanted[site])) differs.delete(site);
        else differs.add(site);
      }
      if (differs.size === 0 && i + 1 >= events.length - most) best = events.length - i - 1;
    }
    if (best !== undefined) return [from, best];
  }
  return undefined;
}

class Count {
  readonly sites: Record<string, HistFigures> = {};
  readonly #live = new Map<string, Event>();

  /** The call site whose figures have changed. */
  add(event: Event): string | undefined {
    const { free, ptr, alloc, req } = event;
    if (free) {
      const object = this.#live.get(ptr);
      if (object === undefined) return undefined;
      this.#live.delete(ptr);
      const site = this.#site(object.site);
      site.frees += 1;
      site.netBytes -= object.alloc;
      site.netRequestedBytes -= object.req;
      return object.site;
    }
    if (!event.counts) return undefined;
    const site = this.#site(event.site);
    site.allocs += 1;
    site.totalBytes += alloc;
    site.requestedBytes += req;
    site.netBytes += alloc;
    site.netRequestedBytes += req;
    this.#live.set(ptr, event);
    return event.site;
  }

  #site(name: string): HistFigures {
    return (this.sites[name] ??= {
      allocs: 0,
      frees: 0,
      totalBytes: 0,
      requestedBytes: 0,
      netBytes: 0,
      netRequestedBytes: 0,
    });
  }
}

function same(a: HistFigures, b: HistFigures | undefined): boolean {
  return (
    a.allocs === b?.allocs &&
    a.frees === b.frees &&
    a.totalBytes === b.totalBytes &&
    a.requestedBytes === b.requestedBytes &&
    a.netBytes === b.netBytes &&
    a.netRequestedBytes === b.netRequestedBytes
  );
}
