/** Trace lines as kernels print them, so that a test says only what it is about. */

export interface HeadFields {
  readonly comm?: string;
  readonly pid?: number;
  readonly tgid?: string;
  readonly cpu?: number;
  /** Empty: a kernel with irq-info off prints none. */
  readonly flags?: string;
  readonly clock?: string;
}

/** `            init-1       [001] .....     2.206855: ` (kernel/trace/trace_output.c, trace_print_context). */
export function head(fields: HeadFields = {}): string {
  const { comm = "init", pid = 1, tgid, cpu = 1, flags = ".....", clock = "2.206855" } = fields;
  const process = `${comm.padStart(16)}-${String(pid).padEnd(7)} ${tgid === undefined ? "" : `(${tgid}) `}`;
  return `${process}[${String(cpu).padStart(3, "0")}] ${flags}${flags === "" ? "" : " "}${clock.padStart(12)}: `;
}

export interface AllocFields {
  readonly event?: "kmalloc" | "kmalloc_node" | "kmem_cache_alloc" | "kmem_cache_alloc_node";
  readonly site?: string;
  readonly ptr?: string;
  readonly req?: number | string;
  readonly alloc?: number | string;
  readonly tail?: string;
}

export function alloc(fields: AllocFields = {}): string {
  const { event = "kmalloc", site = "tty_open+0x58/0x6e0", ptr = "00000000c64b90b6", req = 32, alloc = 64 } = fields;
  const { tail = " gfp_flags=GFP_KERNEL node=-1 accounted=false" } = fields;
  return `${event}: call_site=${site} ptr=${ptr} bytes_req=${req} bytes_alloc=${alloc}${tail}`;
}

export interface FreeFields {
  readonly event?: "kfree" | "kmem_cache_free";
  readonly site?: string;
  readonly ptr?: string;
  readonly tail?: string;
}

export function free(fields: FreeFields = {}): string {
  const { event = "kfree", site = "put_pid.part.0+0x36/0x50", ptr = "00000000c64b90b6", tail = "" } = fields;
  return `${event}: call_site=${site} ptr=${ptr}${tail}`;
}

export const ALLOC_LINE = head() + alloc({ req: 3000, alloc: 4096 });
export const FREE_LINE = head({ clock: "2.300000" }) + free();
export const CACHE_ALLOC_LINE =
  head({ comm: "modprobe", pid: 147, cpu: 0, clock: "3.647144" }) +
  alloc({
    event: "kmem_cache_alloc",
    site: "fat_alloc_inode+0x1b/0x40 [fat]",
    ptr: "00000000732eab91 name=fat_inode_cache",
    req: 700,
    alloc: 704,
  });
export const CACHE_FREE_LINE =
  head({ comm: "<idle>", pid: 0, cpu: 0, flags: "..s1.", clock: "3.700000" }) +
  free({ event: "kmem_cache_free", ptr: "00000000732eab91", tail: " name=fat_inode_cache" });
/** A modern line of every kind that the account takes, in an order in which all match. */
export const REAL_LINES = [ALLOC_LINE, CACHE_ALLOC_LINE, FREE_LINE, CACHE_FREE_LINE];
