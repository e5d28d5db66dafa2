/** A call site's text, taken apart: what the kernel printed with %pS, or a bare address (src/ftrace/call-site-form.ts has the forms). */

/** `fat_fill_super+0xa3/0xc70 [fat]`: the address that the call returns to, as the kernel says it. */
export interface NamedSite {
  readonly symbol: string;
  /** From the symbol on. */
  readonly offset: number;
  /** To the next symbol, padding included (kernel/kallsyms.c, get_symbol_pos); undefined where it was not printed. */
  readonly size: number | undefined;
  /** Undefined for what is built in. */
  readonly module: string | undefined;
}

export interface BareSite {
  readonly address: bigint;
}

const NAMED = /^(.+)\+0x([0-9a-f]{1,8})(?:\/0x([0-9a-f]{1,8}))?(?: \[([^\]]+)\])?$/;
const BARE = /^(?:0x)?([0-9a-f]{8,16})$/;

/** Undefined where it is neither: what the console's or a workload's own rows are called. */
export function parseCallSite(text: string): NamedSite | BareSite | undefined {
  const named = NAMED.exec(text);
  if (named !== null) {
    const [, symbol, offset, size, module] = named as unknown as [string, string, string, string?, string?];
    return {
      symbol,
      offset: Number.parseInt(offset, 16),
      size: size === undefined ? undefined : Number.parseInt(size, 16),
      // With module build-ids in stack traces: `[fat 0123…]` (CONFIG_STACKTRACE_BUILD_ID).
      module: module?.split(" ", 1)[0],
    };
  }
  const bare = BARE.exec(text);
  return bare === null ? undefined : { address: BigInt(`0x${bare[1]}`) };
}

/** What the compiler makes of a function: `kfree_skb.part.0` is of `kfree_skb`, `f.cold` of `f`. */
export function sourceNameOf(symbol: string): string {
  return symbol.replace(/(?:\.(?:isra|part|constprop|cold|lto_priv|llvm)(?:\.\d+)*)+$/, "");
}
