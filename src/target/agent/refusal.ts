/** Why the agent did not arm the target: its code, and what can be done about it. */
import { KmemtapError } from "../../model/errors.ts";
import { fieldsOf } from "./agent-line.ts";

type Words = readonly [what: string, nextStep: string];

const REFUSALS: Readonly<Record<string, Words>> = {
  "not-root": ["tracing needs root there", "log in as root (ssh://root@HOST), or run kmemtap with sudo for local:"],
  "no-proc": ["/proc is not mounted there", "mount -t proc proc /proc"],
  "no-sysfs": ["/sys is not mounted there", "mount -t sysfs sysfs /sys"],
  lockdown: [
    "the kernel is locked down (confidentiality), so tracefs is empty",
    "boot without lockdown=confidentiality (and, on some machines, without Secure Boot)",
  ],
  "no-tracefs": ["its kernel has no tracefs", "build it with CONFIG_FTRACE=y and CONFIG_TRACING=y, or mount debugfs"],
  "no-events": [
    "its kernel has no kmem trace events",
    "build it with CONFIG_EVENT_TRACING=y (any tracer, such as CONFIG_FUNCTION_TRACER, selects it)",
  ],
  "no-instances": [
    "its tracefs has no instances (kernels before 3.10)",
    "record `trace` by hand and use kmemtap report",
  ],
  "no-instance": ["no tracefs instance can be made there", "check the target's free memory; kmemtap doctor tells more"],
  "no-awk": ["hist mode needs awk on the target", "use --mode text, or put busybox there"],
  "no-hist": ["its kernel has no hist triggers", "use --mode text, or build it with CONFIG_HIST_TRIGGERS=y"],
  "hist-refused": ["its kernel refused a hist trigger", "use --mode text; its tracefs error_log says why"],
};

/** The error for a `refused` line's text (`code=not-root uid=1000`). */
export function refusalOf(text: string, label: string): KmemtapError {
  const code = fieldsOf(text).get("code") ?? "unknown";
  const known = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
  const [what, nextStep] = known ?? [`the agent refused (${text})`, "kmemtap doctor tells more"];
  return new KmemtapError("agent/refused", `${label} cannot be traced: ${what}`, { nextStep });
}
