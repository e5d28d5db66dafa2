/** What the agent found on real kernels, as readFacts returns it. */
import type { AgentFacts } from "../../../src/target/agent/agent-facts.ts";

const TOOLS = "awk dd grep tail tr stty cksum gzip base64 setsid modprobe mke2fs sleep";

/** Debian's 6.1 in QEMU: all that a capture wants. */
export const LINUX_6_1: AgentFacts = {
  uid: 0,
  release: "6.1.0-56-cloud-amd64",
  machine: "x86_64",
  bootId: "b0",
  cpus: 2,
  memAvailableKb: 430_000,
  memTotalKb: 490_000,
  lockdown: "none",
  kptrRestrict: "0",
  consoleLoglevel: "7",
  consoles: ["ttyS1"],
  clocksource: "tsc",
  kallsyms: "addresses",
  cmdline: "console=ttyS1 edd=off panic=-1",
  tools: new Set(TOOLS.split(" ")),
  sleepFraction: true,
  timedRead: true,
  tracefs: "/sys/kernel/tracing",
  events: ["kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free"],
  instances: true,
  hist: true,
  synthetic: true,
  kprobes: true,
  notracePid: true,
  hashPtr: true,
  clocks: "[local] global counter uptime perf mono mono_raw boot tai x86-tsc",
  tracer: "nop",
  tracingOn: true,
  bufferKb: 1410,
  eventsOn: [],
  otherInstances: [],
  stale: 0,
  eventsPerSecond: 260,
  eventBytes: 58,
  pointers: "hashed",
};

/** Debian's 5.10 cloud kernel: no hist triggers, nothing hashed, the _node events apart. */
export const LINUX_5_10: AgentFacts = {
  ...LINUX_6_1,
  release: "5.10.0-46-cloud-amd64",
  events: ["kmalloc", "kmalloc_node", "kmem_cache_alloc", "kmem_cache_alloc_node", "kfree", "kmem_cache_free"],
  hist: false,
  synthetic: false,
  kprobes: false,
  hashPtr: false,
  pointers: "real",
};

export const LINUX_6_12: AgentFacts = { ...LINUX_6_1, release: "6.12.118+deb13-cloud-amd64", pointers: "real" };

/** A board of 2012: no set_event_notrace_pid, a busybox without much. */
export const LINUX_3_6: AgentFacts = {
  ...LINUX_5_10,
  release: "3.6.11",
  machine: "i686",
  cpus: 1,
  memTotalKb: 24_000,
  memAvailableKb: 12_000,
  lockdown: "unknown",
  kptrRestrict: "",
  notracePid: false,
  instances: false,
  clocks: "[local] global counter",
  tools: new Set(["awk", "dd", "grep", "tail", "tr", "sleep"]),
  sleepFraction: false,
  timedRead: false,
};

/** As somebody who is not root sees it. */
export const NOT_ROOT: AgentFacts = {
  ...LINUX_6_1,
  uid: 1000,
  kptrRestrict: "1",
  kallsyms: "zeros",
  tracefs: undefined,
  events: [],
  instances: false,
  hist: false,
  synthetic: false,
  kprobes: false,
  notracePid: false,
  hashPtr: false,
  clocks: "",
  tracer: "",
  tracingOn: false,
  bufferKb: 0,
  eventsPerSecond: undefined,
  eventBytes: undefined,
  pointers: undefined,
};

export const LOCKED_DOWN: AgentFacts = { ...NOT_ROOT, uid: 0, lockdown: "confidentiality" };
export const NO_TRACEFS: AgentFacts = { ...NOT_ROOT, uid: 0 };
