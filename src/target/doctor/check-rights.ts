/** Whether the target lets itself be traced at all: pure, of what the agent found. */
import type { Check } from "../../model/doctor.ts";
import type { AgentFacts } from "../agent/agent-facts.ts";
import { sizeOfKb } from "./quantities.ts";

export const KMEM_EVENTS = [
  "kmalloc",
  "kmem_cache_alloc",
  "kfree",
  "kmem_cache_free",
  "kmalloc_node",
  "kmem_cache_alloc_node",
];

/** Without which a capture is refused; each one builds on those before it, so the list may end early. */
export function checkRights(facts: AgentFacts): Check[] {
  const root = rootCheck(facts);
  const lockdown = lockdownCheck(facts);
  if (root.status === "problem") return [root, lockdown];
  const tracefs = tracefsCheck(facts);
  if (tracefs.status === "problem") return [root, lockdown, tracefs];
  return [root, lockdown, tracefs, eventsCheck(facts), instancesCheck(facts)];
}

function rootCheck({ uid }: AgentFacts): Check {
  if (uid === 0) return { name: "root", status: "ok", finding: "the shell there is root's" };
  if (uid === undefined) {
    return { name: "root", status: "note", finding: "the target has no `id` to ask; tracefs will tell" };
  }
  return {
    name: "root",
    status: "problem",
    finding: `the shell there is of uid ${uid}: tracefs is root's alone, and what depends on it was not looked at`,
    remedy: "log in as root (ssh://root@HOST, ?user=root on a console), or run kmemtap with sudo for local:",
  };
}

function lockdownCheck({ lockdown }: AgentFacts): Check {
  const name = "lockdown";
  switch (lockdown) {
    case "confidentiality":
      return {
        name,
        status: "problem",
        finding: "the kernel is locked down (confidentiality): its tracefs is empty",
        remedy: "boot with lockdown=integrity or lockdown=none (and, where it comes from there, without Secure Boot)",
      };
    case "integrity":
      return { name, status: "ok", finding: "integrity: tracing is allowed" };
    case "none":
      return { name, status: "ok", finding: "none" };
    default:
      return { name, status: "ok", finding: "the kernel says nothing of lockdown" };
  }
}

function tracefsCheck({ tracefs, lockdown }: AgentFacts): Check {
  const name = "tracefs";
  if (tracefs === undefined) {
    const locked = lockdown === "confidentiality";
    return {
      name,
      status: "problem",
      finding: locked
        ? "empty, because of the lockdown"
        : "not there, neither at /sys/kernel/tracing nor below debugfs",
      remedy: locked ? "see lockdown" : "build the kernel with CONFIG_FTRACE=y; mount /sys where it is not mounted",
    };
  }
  const [path] = tracefs.split(" ");
  const unmounted = tracefs !== path;
  return {
    name,
    status: "ok",
    finding: unmounted ? `can be mounted at ${path}: a capture does so, and unmounts it at its end` : `at ${path}`,
  };
}

function eventsCheck({ events }: AgentFacts): Check {
  const name = "events";
  if (events.length === 0) {
    return {
      name,
      status: "problem",
      finding: "the kernel has no kmem trace events",
      remedy: "build it with CONFIG_EVENT_TRACING=y (any tracer, such as CONFIG_FUNCTION_TRACER, selects it)",
    };
  }
  // Kernels from 6.1 on have merged the _node events into the others (commit 11e9734bcb6a).
  const missing = KMEM_EVENTS.filter((event) => !events.includes(event) && !event.endsWith("_node"));
  const finding = `kmem: ${events.join(", ")}`;
  if (missing.length === 0) return { name, status: "ok", finding };
  return {
    name,
    status: "note",
    finding: `${finding}; no ${missing.join(", ")}: what goes through there is not accounted`,
  };
}

function instancesCheck({ instances, release }: AgentFacts): Check {
  const name = "instances";
  if (instances) return { name, status: "ok", finding: "a capture has a ring buffer and settings of its own" };
  return {
    name,
    status: "problem",
    finding: `Linux ${release} has no tracefs instances (they came with 3.10): nothing can be armed without touching others' tracing`,
    remedy: "record `trace` by hand and use kmemtap report",
  };
}

/** Free memory, against what a capture takes of it. */
export function memoryCheck({ memAvailableKb, memTotalKb, cpus }: AgentFacts, bufferKb: number): Check {
  const name = "memory";
  const taken = bufferKb * cpus;
  const finding =
    `${sizeOfKb(memAvailableKb)} of ${sizeOfKb(memTotalKb)} available; ` +
    `the ring buffers take ${sizeOfKb(taken)} (${cpus} × ${sizeOfKb(bufferKb)})`;
  if (memAvailableKb === 0) return { name, status: "note", finding: "the target does not say (/proc/meminfo)" };
  if (taken * 2 <= memAvailableKb) return { name, status: "ok", finding };
  const fits = Math.max(64, Math.floor(memAvailableKb / 4 / cpus));
  return {
    name,
    status: taken >= memAvailableKb ? "problem" : "note",
    finding: `${finding}: ${taken >= memAvailableKb ? "more than there is" : "more than half"}`,
    remedy: `--buffer-kb ${fits}`,
  };
}
