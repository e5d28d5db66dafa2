/**
 * The function of a call site, so that different builds of a kernel compare: without the offset, and without what the
 * compiler appends to the name of a copy or a part of it.
 */

/** What gcc and clang append: clones (.isra.0, .constprop.0), parts (.part.0, .cold), LTO's own names (.lto_priv.0, .llvm.123). */
const COMPILER_SUFFIXES = /(?:\.(?:isra|part|constprop|cold|lto_priv|llvm)(?:\.\d+)*)+$/;
/** Since 6.10 the allocator's entries have a name behind the macro that profiles allocations (include/linux/alloc_tag.h). */
const PROFILED = /_noprof$/;
const CALL_SITE = /^(.+?)\+0x([0-9a-f]+)(?:\/0x[0-9a-f]+)?(?: \[([^\]]+)\])?$/;

export interface FunctionName {
  /** `kstrdup`, or the call site itself where it is no more than an address. */
  readonly name: string;
  /** `ext4`; null for the kernel's image, and where it is not known. */
  readonly module: string | null;
  /** Bytes from the function's beginning to the call's return; null for an address. */
  readonly offset: number | null;
}

/**
 * What a function may have been called before 6.10, beside its name without `_noprof`: `__kvmalloc_node_noprof` is kvmalloc_node,
 * which became a macro around it (include/linux/slab.h), as `__kmalloc_noprof` is `__kmalloc`. Undefined for others.
 */
export function olderNameOf(callSite: string): string | undefined {
  return /^__(\w+)_noprof[.+]/.exec(callSite)?.[1];
}

/** `fat_fill_super.isra.0+0xa3/0xc70 [fat]` → fat_fill_super, fat, 0xa3. */
export function functionOf(callSite: string): FunctionName {
  const match = CALL_SITE.exec(callSite);
  if (match === null) return { name: callSite, module: null, offset: null };
  const [, symbol, offset, module = null] = match as unknown as [string, string, string, string | undefined];
  const name = symbol.replace(COMPILER_SUFFIXES, "").replace(PROFILED, "");
  return { name: name === "" ? symbol : name, module, offset: parseInt(offset, 16) };
}
