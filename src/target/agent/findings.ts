/** What the agent could not do, or did beside its work, in words. */
import { fieldsOf } from "./agent-line.ts";

const TURNED_OFF = "turned-off";

/** True for a `finding` line's text that tells of events that were not recorded, nobody knows how many. */
export function isLoss(text: string): boolean {
  return fieldsOf(text).get("code") === TURNED_OFF;
}

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
    case TURNED_OFF:
      return `somebody turned ${field("what")} off in kmemtap's instance: what happened meanwhile was not recorded`;
    case "stacks":
      return stacksBy(field("by"));
    case "bulk":
      return "frees that raise no event are followed by kprobes: kfree_rcu when it is called, bulk frees when they happen (docs/hidden-frees.md)";
    case "bulk-none":
      return bulkNone(field("reason"));
    case "strings-empty":
      return "pointers are shown as they are, since probes show them so: on this kernel that empties the names of flags and caches";
    case "stacks-refused":
      return "the kernel refused the stacktrace trigger of an event: some allocations are without a stack";
    case "instance-kept":
      return `the instance ${field("path")} could not be removed: somebody has it open (the next connect tries again)`;
    case "sleep-counted":
      return (
        `the shell there has no read -t, so the agent starts a sleep every ${field("pace")} s, which is in the sums: some 60 allocations and frees ` +
        "by mm_alloc, vm_area_alloc, anon_vma_fork and others"
      );
    case "hist-cost":
      return `hist maps hold ${field("keys")} live pointers; once they are gone, the next rmmod of any module clears every trace buffer of the target (a habit of the kernel)`;
    case undefined:
    default:
      return text;
  }
}

function bulkNone(reason: string): string {
  const why =
    reason === "no-kprobes"
      ? "this kernel has no kprobe events (CONFIG_KPROBE_EVENTS)"
      : reason === "hashed"
        ? "this kernel's trace hides its pointers"
        : "the kernel refused the probes";
  const help = reason === "hashed" ? "use --mode raw" : "go by the slabs instead (--exact-slabs, docs/hidden-frees.md)";
  return `${why}: frees that raise no event stay unseen; ${help}`;
}

function stacksBy(means: string): string {
  switch (means) {
    case "trigger":
      return "each allocation is followed by its stack (the stacktrace trigger), which costs the target several times the event";
    case "option":
      return (
        "every event is followed by its stack, frees as well (the stacktrace option): this kernel's triggers write to the top " +
        "level's buffer, where one stack may have been left"
      );
    default:
      return "this kernel has no stack traces in its ring buffer (CONFIG_STACKTRACE): callers are those that call sites name";
  }
}
