/** How well the target can be traced, and what is going on there already: pure, of what the agent found. */
import type { Check } from "../../model/doctor.ts";
import type { LinkFacts } from "../../model/ports.ts";
import type { AgentFacts } from "../agent/agent-facts.ts";

const OURS = "kmemtap-";

/** Others' tracing, and what a killed kmemtap left. `removed` is what was cleaned up before the target was looked at. */
export function checkUse(facts: AgentFacts, removed: readonly string[] = []): Check[] {
  return [inUseCheck(facts), staleCheck(facts, removed)];
}

function inUseCheck({ tracer, tracingOn, eventsOn, otherInstances, stale }: AgentFacts): Check {
  const name = "in use";
  const others = otherInstances.filter((instance) => !instance.startsWith(OURS));
  const captures = otherInstances.filter((instance) => instance.startsWith(OURS)).length - stale;
  const found = [
    ...(tracer !== "" && tracer !== "nop" ? [`the tracer ${tracer} runs at the top level`] : []),
    ...(eventsOn.length > 0 ? [`${tracingOn ? "" : "(paused) "}the top level records ${listed(eventsOn)}`] : []),
    ...(others.length > 0 ? [`there are instances of others: ${listed(others)}`] : []),
    ...(captures > 0 ? [`${captures} other ${captures === 1 ? "instance" : "instances"} of kmemtap at work`] : []),
  ];
  if (found.length === 0) return { name, status: "ok", finding: "nobody else traces there" };
  return {
    name,
    status: "note",
    finding: `${found.join("; ")}. A capture leaves all that alone, but its cost and its allocations are part of what is seen`,
  };
}

function staleCheck({ stale }: AgentFacts, removed: readonly string[]): Check {
  const name = "stale";
  if (stale > 0) {
    return {
      name,
      status: "note",
      finding: `${stale} ${stale === 1 ? "instance" : "instances"} of a kmemtap that was killed`,
      remedy: "the next capture removes them, or now: kmemtap doctor TARGET --clean",
    };
  }
  const finding = removed.length > 0 ? removed.join("; ") : "nothing left of an earlier capture";
  return { name, status: "ok", finding };
}

/** What depends on the kernel: sums in the kernel, probes, pointers, the clock, the agent's own allocations, symbols. */
export function checkKernel(facts: AgentFacts): Check[] {
  return [
    histCheck(facts),
    bulkCheck(facts),
    pointersCheck(facts),
    clockCheck(facts),
    exclusionCheck(facts),
    symbolsCheck(facts),
  ];
}

/** @returns a note where the link is slow as well says so in the check of the mode */
function histCheck({ hist, synthetic, tools, release }: AgentFacts): Check {
  const name = "hist triggers";
  const missing = [
    ...(hist ? [] : ["no hist triggers (CONFIG_HIST_TRIGGERS)"]),
    ...(synthetic ? [] : ["no synthetic events (CONFIG_SYNTH_EVENTS)"]),
    ...(tools.has("awk") ? [] : ["no awk"]),
  ];
  if (missing.length === 0) {
    return { name, status: "ok", finding: "with synthetic events and awk: sums can be made in its kernel (mode hist)" };
  }
  const kernelLacks = !hist || !synthetic;
  return {
    name,
    status: "note",
    finding: `Linux ${release} there has ${missing.join(", ")}: mode hist is not to be had`,
    remedy: kernelLacks
      ? "only needed on links that cannot carry the events: build the kernel with CONFIG_HIST_TRIGGERS=y"
      : "only needed on links that cannot carry the events: put busybox or mawk there",
  };
}

function bulkCheck({ kprobes, release }: AgentFacts): Check {
  const name = "hidden frees";
  if (kprobes)
    return {
      name,
      status: "ok",
      finding: "kprobe events are there: --bulk follows frees that raise no event (modes raw and text)",
    };
  return {
    name,
    status: "note",
    finding: `Linux ${release} there has no kprobe events (CONFIG_KPROBE_EVENTS): --bulk has nothing to follow frees by that raise no event`,
    remedy: "go by the slabs instead: --exact-slabs (docs/hidden-frees.md)",
  };
}

function pointersCheck({ hashPtr, pointers, cmdline }: AgentFacts): Check {
  const name = "pointers";
  if (!hashPtr) return { name, status: "ok", finding: "real: this kernel does not hash them in the trace" };
  if (/(^| )no_hash_pointers( |$)/.test(cmdline)) {
    return { name, status: "ok", finding: "real: the kernel was booted with no_hash_pointers" };
  }
  if (pointers === "hashed") {
    return {
      name,
      status: "note",
      finding:
        "hashed: this kernel empties the names of flags and caches when they are shown. As keys they serve all the same",
      remedy: "for addresses boot with no_hash_pointers",
    };
  }
  return { name, status: "ok", finding: "hashed by default; a capture shows them in its own instance" };
}

function clockCheck({ clocks, clocksource }: AgentFacts): Check {
  const name = "clock";
  const source = clocksource === "" ? "" : `; clock source ${clocksource}`;
  if (/(^| )\[?global\]?( |$)/.test(clocks)) {
    return { name, status: "ok", finding: `global, the same on every CPU${source}` };
  }
  return {
    name,
    status: "note",
    finding: `there is no global trace clock${source}: events of several CPUs may be out of order by what their clocks differ`,
  };
}

function exclusionCheck({ notracePid }: AgentFacts): Check {
  const name = "own events";
  if (notracePid) return { name, status: "ok", finding: "the agent is left out of the trace (set_event_notrace_pid)" };
  return {
    name,
    status: "note",
    finding:
      "no set_event_notrace_pid (kernels before 5.7): the agent's own allocations are filtered by pid, its helpers' are not",
    remedy: "read a quiet target with mode hist, or subtract what an idle capture shows",
  };
}

function symbolsCheck({ kallsyms, kptrRestrict, uid }: AgentFacts): Check {
  const name = "symbols";
  const restricted = `kptr_restrict is ${kptrRestrict === "" ? "not to be read" : kptrRestrict}`;
  switch (kallsyms) {
    case "addresses":
      return { name, status: "ok", finding: `/proc/kallsyms has addresses (${restricted})` };
    case "zeros":
      return {
        name,
        status: "note",
        finding: `/proc/kallsyms hides its addresses (${restricted}): sites of a module that has gone keep the names read before`,
        remedy: uid === 0 ? "echo 1 >/proc/sys/kernel/kptr_restrict (needs CAP_SYSLOG)" : "log in as root",
      };
    default:
      return {
        name,
        status: "note",
        finding: "there is no /proc/kallsyms: call sites may be bare addresses",
        remedy: "build the kernel with CONFIG_KALLSYMS=y",
      };
  }
}

/** What the agent calls by name; the rest of its work the shell does alone. */
const NEEDED = ["dd", "grep", "tail", "tr", "sleep"];

export function toolsCheck({ tools, sleepFraction }: AgentFacts, link: LinkFacts["kind"]): Check {
  const name = "tools";
  const isConsole = link !== "local" && link !== "ssh";
  const missing = [...NEEDED, ...(isConsole ? ["stty", "cksum"] : [])].filter((tool) => !tools.has(tool));
  const slow = sleepFraction ? "" : "; its sleep takes whole seconds only, so what is watched is watched once a second";
  if (missing.length === 0) return { name, status: sleepFraction ? "ok" : "note", finding: `all there${slow}` };
  const reads = missing.includes("dd");
  return {
    name,
    status: reads ? "problem" : "note",
    finding: `missing: ${missing.join(", ")}${reads ? "; without dd nothing can be read" : ""}${slow}`,
    remedy: "put a busybox with them there",
  };
}

/** Only for a link that may be the kernel's console. */
export function consoleLogCheck({ consoleLoglevel, consoles }: AgentFacts): Check {
  const name = "console log";
  const where = consoles.length > 0 ? ` on ${consoles.join(", ")}` : "";
  const level = Number(consoleLoglevel);
  if (consoleLoglevel !== "" && level <= 1) {
    return { name, status: "ok", finding: `off but for emergencies (level ${level})${where}` };
  }
  return {
    name,
    status: "ok",
    finding: `level ${consoleLoglevel === "" ? "unknown" : level}${where}: a capture over a console keeps it off meanwhile and puts it back; dmesg has it all`,
  };
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, 6).join(", ");
  return names.length > 6 ? `${some} and ${names.length - 6} more` : some;
}
