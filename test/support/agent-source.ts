/** An armed target without a target: what a unit that only asks or tells it needs. */
import type { ByteStream } from "../../src/model/ports.ts";
import type { AgentFacts } from "../../src/target/agent/agent-facts.ts";
import type { AgentLine } from "../../src/target/agent/agent-line.ts";
import type { AgentPlan, AgentSource } from "../../src/target/agent/agent-source.ts";
import type { AgentMode } from "../../src/target/agent/choose-mode.ts";
import { NONCE } from "./agent-lines.ts";

export const FACTS: AgentFacts = {
  uid: 0,
  release: "6.1.0",
  machine: "x86_64",
  bootId: "boot-1",
  cpus: 2,
  memAvailableKb: 500_000,
  memTotalKb: 1_000_000,
  lockdown: "none",
  kptrRestrict: "0",
  consoleLoglevel: "4",
  consoles: [],
  clocksource: "tsc",
  kallsyms: "addresses",
  cmdline: "",
  tools: new Set(["awk", "dd", "grep"]),
  sleepFraction: true,
  timedRead: true,
  tracefs: "/sys/kernel/tracing",
  events: ["kmalloc", "kfree"],
  instances: true,
  hist: true,
  synthetic: true,
  kprobes: true,
  notracePid: true,
  hashPtr: true,
  clocks: "[local] global",
  tracer: "nop",
  tracingOn: true,
  bufferKb: 1408,
  eventsOn: [],
  otherInstances: [],
  stale: 0,
  eventsPerSecond: undefined,
  eventBytes: undefined,
  pointers: undefined,
};

export function planOf(mode: AgentMode, facts: Partial<AgentFacts> = {}): AgentPlan {
  return { mode, reason: "asked for", options: [], facts: { ...FACTS, ...facts }, bytesPerSecond: undefined };
}

export interface PlainSource extends AgentSource {
  /** What was sent to the agent. */
  readonly sent: string[];
  readonly heard: (AgentLine | "damaged")[];
  /** The connection is gone, and with it what was known by it. */
  forget(): void;
  /** Called for every line that is sent. */
  onSend: (line: string) => void;
}

/** A source that streams nothing; `onSend` is where a test answers. */
export function plainSource({ mode }: { readonly mode: AgentMode }): PlainSource {
  const known = { plan: planOf(mode), link: { kind: "local", label: "local:" } } as const;
  let isKnown = true;
  const source: PlainSource = {
    label: "local:",
    recording: false,
    nonce: NONCE,
    reconnects: 0,
    sent: [],
    heard: [],
    get plan() {
      return isKnown ? known.plan : undefined;
    },
    get link() {
      return isKnown ? known.link : undefined;
    },
    runs: nothing<ByteStream>(),
    side: nothing<AgentLine>(),
    hear: (heard) => void source.heard.push(heard),
    send: (text) => {
      source.sent.push(text);
      source.onSend(text);
    },
    stop: () => source.send("stop"),
    cut: () => source.send("bye"),
    switchTo: () => undefined,
    askSymbols: () => undefined,
    close: () => Promise.resolve(),
    forget: () => (isKnown = false),
    onSend: () => undefined,
  };
  return source;
}

async function* nothing<T>(): AsyncGenerator<T> {
  await Promise.resolve();
  yield* [];
}
