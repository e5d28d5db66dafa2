/** What the agent could not do, or did beside its work, in words. */
import type { KernelSymbols } from "../../symbols/kernel-symbols.ts";
import { fieldsOf } from "./agent-line.ts";

/** The sentence for a `finding` line's text. */
export function findingOf(text: string): string {
  const fields = fieldsOf(text);
  const field = (key: string) => fields.get(key) ?? "?";
  switch (fields.get("code")) {
    case "stale-removed":
      return `removed ${field("instance")}, which an agent that was killed had left`;
    case "stale-kept":
      return `${field("instance")} of an agent that was killed cannot be removed: somebody has it open`;
    case "console-quiet":
      return `the kernel's log is kept off the console meanwhile (console log level ${field("level")} is put back; dmesg has it all)`;
    case "hashed":
      return "pointers are hashed: showing them would empty the names of flags and caches on this kernel";
    case "helpers-traced":
      return "the kernel has no set_event_notrace_pid: short-lived helpers of the agent are in the account";
    case "filter-refused":
      return `the kernel refused to leave the agent out of ${field("event")}: what it does itself is in the account`;
    case "no-global-clock":
      return "there is no global trace clock: CPUs' events may be out of order by what their clocks differ";
    case "buffer-refused":
      return `the ring buffer could not be made ${field("kb")} KB a CPU`;
    case "subbuf-refused":
      return `sub-buffers could not be made ${field("kb")} KB (Linux 6.8 brought that): they are a page`;
    case "event-refused":
      return `the event ${field("event")} could not be enabled`;
    case "instance-kept":
      return `the instance ${field("path")} could not be removed: somebody has it open (the next connect tries again)`;
    case "hist-cost":
      return `hist maps hold ${field("keys")} live pointers; once they are gone, the next rmmod of any module clears every trace buffer of the target (a habit of the kernel)`;
    case undefined:
    default:
      return text;
  }
}

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
