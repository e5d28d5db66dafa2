/** Why addresses have no names, in words. */
import type { KernelSymbols } from "../symbols/kernel-symbols.ts";

/** What the target's symbols lack, in mode raw; undefined where they are there, or were not read. */
export function symbolsFinding({ hidden, missing }: Pick<KernelSymbols, "hidden" | "missing">): string | undefined {
  if (hidden) {
    return (
      "the kernel hides its addresses (kptr_restrict, or no CAP_SYSLOG there): call sites have no names; " +
      "echo 1 >/proc/sys/kernel/kptr_restrict on the target, or use --mode text, in which the kernel names them"
    );
  }
  return missing
    ? "the target's /proc/kallsyms has no symbols: call sites have no names; its System.map has them"
    : undefined;
}
