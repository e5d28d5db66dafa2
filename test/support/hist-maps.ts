/** The kernel's maps of mode hist and what reads them, as agent/kmemtap-agent.sh does: sums by site, what changed, totals. */
import { said } from "./agent-lines.ts";

export interface MapSum {
  hits: number;
  bytesAlloc: number;
  bytesReq: number;
}

const MAPS = ["kmalloc", "kmem_cache_alloc", "freed"] as const;
export type MapName = (typeof MAPS)[number];

export class HistMaps {
  /** By map and by the site's address. */
  readonly sums: Record<MapName, Map<string, MapSum>> = {
    kmalloc: new Map(),
    kmem_cache_alloc: new Map(),
    freed: new Map(),
  };
  /** Events that found no room, by map. */
  readonly dropped: Record<MapName, number> = { kmalloc: 0, kmem_cache_alloc: 0, freed: 0 };
  #ids = new Map<string, number>();
  #told = new Map<string, string>();
  #seq = 0;

  add(map: MapName, address: string, bytesAlloc: number, bytesReq = bytesAlloc, hits = 1): void {
    const sum = this.sums[map].get(address) ?? { hits: 0, bytesAlloc: 0, bytesReq: 0 };
    sum.hits += hits;
    sum.bytesAlloc += bytesAlloc * hits;
    sum.bytesReq += bytesReq * hits;
    this.sums[map].set(address, sum);
  }

  /** The lines of one reading; `tick full maps` is the request's text behind `tick`. */
  reading(request: "" | "full" | "maps" | "full maps" = "", nameOf = siteName): string[] {
    const lines: string[] = [];
    const out = (text: string) => lines.push(said(`h${++this.#seq}`, text));
    const full = request.includes("full");
    if (full) this.#ids = new Map();
    for (const map of MAPS) {
      let hits = 0;
      for (const [address, sum] of this.sums[map]) {
        let id = this.#ids.get(address);
        if (id === undefined) {
          this.#ids.set(address, (id = this.#ids.size + 1));
          out(`name ${id} ${address} ${nameOf(address)}`);
        }
        hits += sum.hits;
        const now = `${sum.hits} ${sum.bytesAlloc} ${sum.bytesReq}`;
        if (!full && this.#told.get(`${map} ${address}`) === now) continue;
        this.#told.set(`${map} ${address}`, now);
        out(`row ${map} ${id} ${now}`);
      }
      out(`map name=${map} hits=${hits} entries=${this.sums[map].size} size=4096 dropped=${this.dropped[map]}`);
    }
    out(request === "" ? "tick-done" : `tick-done ${request}`);
    return lines;
  }
}

export function siteName(address: string): string {
  return `site_${address}+0x10/0x20`;
}
