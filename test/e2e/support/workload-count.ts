/** What a workload left, counted from the bytes that came over the wire: shares no code with the product. */

const EVENT =
  /: (kmalloc|kmem_cache_alloc|kmalloc_node|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(.*?) ptr=\s*(\S+)(?:.* bytes_alloc=(\d+))?/;
const MARK = /tracing_mark_write: @kmemtap \w+ \w\d+ (phase-begin|phase-end) name=(\S+)/;
const NULL_POINTER = /^0*$/;

export interface Left {
  objects: number;
  bytes: number;
}

export interface WorkloadCount {
  /** Allocations of each phase, by its name in the marks: `1.0` is the first phase of the first round. */
  readonly allocs: ReadonlyMap<string, number>;
  /** Of what phases allocated, what is alive at the end: by call site. */
  readonly residue: Readonly<Record<string, Left>>;
}

/** @param resolve the name of a call site that is but an address, since its module has gone */
export function countWorkload(text: string, resolve: (callSite: string) => string): WorkloadCount {
  const live = new Map<string, { readonly site: string; readonly bytes: number; readonly phase: string }>();
  const allocs = new Map<string, number>();
  let phase = "";
  for (const line of text.split("\n")) {
    const mark = MARK.exec(line);
    if (mark !== null) phase = mark[1] === "phase-begin" ? mark[2] : "";
    const event = EVENT.exec(line);
    if (event === null) continue;
    const [, kind, site, ptr, bytes] = event;
    if (NULL_POINTER.test(ptr)) continue;
    live.delete(ptr);
    if (kind.includes("free")) continue;
    live.set(ptr, { site, bytes: Number(bytes), phase });
    allocs.set(phase, (allocs.get(phase) ?? 0) + 1);
  }
  const residue: Record<string, Left> = {};
  for (const { site, bytes, phase: born } of live.values()) {
    if (born === "") continue;
    const left = (residue[resolve(site)] ??= { objects: 0, bytes: 0 });
    left.objects += 1;
    left.bytes += bytes;
  }
  return { allocs, residue };
}

/** From a copy of /proc/kallsyms (`address type name [module]`): an address as the kernel would have printed it, without the size. */
export function resolver(kallsyms: string): (callSite: string) => string {
  const symbols = kallsyms
    .split("\n")
    .map((line) => /^([0-9a-f]+) [tT] (\S+)\s+\[(\w+)\]/.exec(line))
    .filter((match) => match !== null)
    .map(([, address, name, module]) => ({ address: BigInt(`0x${address}`), name, module }))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  return (callSite) => {
    if (!/^0x[0-9a-f]+$/.test(callSite)) return callSite.replace(/\/0x[0-9a-f]+/, "");
    const symbol = symbols.findLast(({ address }) => address <= BigInt(callSite));
    if (symbol === undefined) return callSite;
    return `${symbol.name}+0x${(BigInt(callSite) - symbol.address).toString(16)} [${symbol.module}]`;
  };
}
