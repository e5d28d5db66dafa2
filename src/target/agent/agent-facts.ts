/** What a target is and can do, as the agent found it: the ground for choosing a mode, for `doctor` and for `bootargs`. */
import { KmemtapError } from "../../model/errors.ts";
import type { RunningScript, Shell } from "../../model/ports.ts";
import { linesOf } from "../qemu/guest-reports.ts";
import { countOf, parseAgentLine } from "./agent-line.ts";
import { newNonce } from "./nonce.ts";
import { agentScript } from "./agent-script.ts";
import { refusalOf } from "./refusal.ts";

export interface AgentFacts {
  readonly uid: number | undefined;
  readonly release: string;
  readonly machine: string;
  readonly bootId: string;
  /** /sys/kernel/notes in hexadecimal digits; undefined where it cannot be read. */
  readonly notes?: string | undefined;
  readonly cpus: number;
  readonly memAvailableKb: number;
  readonly memTotalKb: number;
  readonly lockdown: string;
  readonly kptrRestrict: string;
  readonly consoleLoglevel: string;
  /** Devices that the kernel's log goes to: `tty0`, `ttyS0`. */
  readonly consoles: readonly string[];
  readonly clocksource: string;
  /** "addresses", "zeros" (hidden) or "none". */
  readonly kallsyms: string;
  readonly cmdline: string;
  readonly tools: ReadonlySet<string>;
  /** Whether its sleep takes fractions of a second. */
  readonly sleepFraction: boolean;
  /** The shell's `read -t` waits without a process: else the sleeps of mode hist are in its account. */
  readonly timedRead: boolean;
  /** Where tracefs is; undefined where there is none to be seen. */
  readonly tracefs: string | undefined;
  readonly events: readonly string[];
  readonly instances: boolean;
  readonly hist: boolean;
  readonly synthetic: boolean;
  /** Has kprobe events, by which frees without an event are followed (`--bulk`). */
  readonly kprobes: boolean;
  readonly notracePid: boolean;
  readonly hashPtr: boolean;
  readonly clocks: string;
  readonly tracer: string;
  readonly tracingOn: boolean;
  /** Of the top-level buffer, per CPU. */
  readonly bufferKb: number;
  /** Event systems that the top level records. */
  readonly eventsOn: readonly string[];
  readonly otherInstances: readonly string[];
  /** Instances that agents which were killed left behind. */
  readonly stale: number;
  /** kmem events a second while it was looked; undefined where it was not measured. */
  readonly eventsPerSecond: number | undefined;
  /** Bytes of an event in the ring buffer; undefined where none was counted. */
  readonly eventBytes: number | undefined;
  /** What the agent's text holds: hashed where showing them would empty other fields; undefined where it was not tried. */
  readonly pointers: "real" | "hashed" | undefined;
}

/**
 * Asks the target what it is; changes nothing that stays. A console prints the kernel's log into what the agent says: what
 * is missing then is asked for again.
 *
 * @param measureSeconds how long to count events; 0 does not count
 * @throws {KmemtapError} `agent/refused` when the agent does not run there, `link/…` when the link fails or damages all it says
 */
export async function readFacts(shell: Shell, measureSeconds: number): Promise<AgentFacts> {
  const facts = new Map<string, string>();
  const heard = new Set<number>();
  for (let tries = 0; ; tries++) {
    // The agent says the same facts in the same order, but for those that were counted already.
    const measure = WINDOW_FACTS.every((key) => facts.has(key)) ? 0 : measureSeconds;
    const asked = await askFacts(shell, measure);
    for (const [key, value] of asked.facts) if (!facts.has(key)) facts.set(key, value);
    for (const seq of asked.heard) heard.add(seq);
    // All that one answer held, by its own last line.
    if (asked.lastSeq !== undefined && isWhole(heard, asked.lastSeq)) return factsOf(facts);
    if (!asked.damaged) throw didNotRun(shell.link.label, asked);
    if (tries === ASK_AGAIN) throw tooDamaged(shell.link.label);
  }
}

const ASK_AGAIN = 3;
/** What {@link AgentFacts.eventsPerSecond} is made of. */
const WINDOW_FACTS = ["events_per_window", "window_s"];

interface AskedFacts {
  readonly facts: ReadonlyMap<string, string>;
  /** Numbers of the lines that arrived whole. */
  readonly heard: ReadonlySet<number>;
  /** Number of the agent's last line; undefined where it did not arrive. */
  readonly lastSeq: number | undefined;
  /** True where something of the agent's was there, but not all of it. */
  readonly damaged: boolean;
  readonly status: number | undefined;
  /** The last line that was not the agent's. */
  readonly lastSaid: string | undefined;
}

async function askFacts(shell: Shell, measureSeconds: number): Promise<AskedFacts> {
  const nonce = newNonce();
  const script = await shell.start(agentScript(), ["facts", nonce, `measure=${measureSeconds}`]);
  const facts = new Map<string, string>();
  const heard = new Set<number>();
  let lastSeq: number | undefined;
  let damaged = false;
  let lastSaid: string | undefined;
  void drain(script);
  const tooLate = new AbortController();
  const limit = setTimeout(() => {
    tooLate.abort();
    void script.close().catch(() => undefined);
  }, FACTS_LIMIT_MS);
  for await (const text of endingWith(linesOf(script.bytes), () => clearTimeout(limit))) {
    const at = text.indexOf("@kmemtap ");
    const line = at < 0 ? undefined : parseAgentLine(text.slice(at), nonce);
    if (line === undefined || line === "damaged") {
      if (line === "damaged" || text.includes(nonce)) damaged = true;
      if (text.trim() !== "") lastSaid = text.trim();
      continue;
    }
    if (line.type === "refused") throw refusalOf(line.text, shell.link.label);
    heard.add(line.seq);
    if (line.type === "facts-done") lastSeq = line.seq;
    if (line.type !== "fact") continue;
    const space = line.text.indexOf(" ");
    const key = space < 0 ? line.text : line.text.slice(0, space);
    facts.set(key, space < 0 ? "" : line.text.slice(space + 1).trim());
  }
  if (tooLate.signal.aborted) {
    throw new KmemtapError("link/timeout", `${shell.link.label} has a shell, but what runs there does not answer`, {
      nextStep: "look at the target: is it overloaded, or is this no shell after all?",
    });
  }
  const status = await script.exited;
  return { facts, heard, lastSeq, damaged: damaged || heard.size > 0, status, lastSaid };
}

/** A slow UART under a loaded target takes some ten seconds. */
const FACTS_LIMIT_MS = 90_000;

/** The same lines; `then` is called however they end. */
async function* endingWith(lines: AsyncIterable<string>, then: () => void): AsyncGenerator<string> {
  try {
    yield* lines;
  } finally {
    then();
  }
}

function isWhole(heard: ReadonlySet<number>, lastSeq: number): boolean {
  for (let seq = 1; seq <= lastSeq; seq++) if (!heard.has(seq)) return false;
  return true;
}

function didNotRun(label: string, { status, lastSaid }: AskedFacts): KmemtapError {
  const ended = status === undefined ? "" : ` (exit status ${status})`;
  return new KmemtapError(
    "agent/refused",
    `the agent did not run on ${label}${ended}${lastSaid === undefined ? "" : `: ${lastSaid}`}`,
    { nextStep: "check that the target has a POSIX shell, /proc and room to run a script" },
  );
}

function tooDamaged(label: string): KmemtapError {
  return new KmemtapError("link/lost", `the line to ${label} damages what the target says, each time anew`, {
    nextStep: "check the baud rate and the cable; keep the kernel's log off that console (dmesg -n 1)",
  });
}

/** What the script says on standard error is of no use here, but must be taken, or it would wait for that. */
async function drain(script: RunningScript): Promise<void> {
  if (script.errorBytes === undefined) return;
  try {
    const said = script.errorBytes[Symbol.asyncIterator]();
    while ((await said.next()).done !== true) continue;
  } catch {
    // The loss of the link is told by the other stream.
  }
}

function factsOf(facts: ReadonlyMap<string, string>): AgentFacts {
  const text = (key: string) => facts.get(key) ?? "";
  const words = (key: string) =>
    text(key)
      .split(" ")
      .filter((word) => word !== "");
  const number = (key: string) => countOf(text(key));
  const window = Number(text("window_s"));
  const events = number("events_per_window");
  const pointers = text("pointers");
  return {
    uid: number("uid"),
    release: text("release"),
    machine: text("machine"),
    bootId: text("boot_id"),
    notes: facts.get("notes"),
    cpus: number("cpus") ?? 1,
    memAvailableKb: number("mem_available_kb") ?? 0,
    memTotalKb: number("mem_total_kb") ?? 0,
    lockdown: text("lockdown"),
    kptrRestrict: text("kptr_restrict"),
    consoleLoglevel: text("console_loglevel"),
    consoles: words("consoles"),
    clocksource: text("clocksource"),
    kallsyms: text("kallsyms"),
    cmdline: text("cmdline"),
    tools: new Set(words("tools")),
    sleepFraction: text("sleep_fraction") === "yes",
    timedRead: text("timed_read") === "yes",
    tracefs: text("tracefs") === "none" || text("tracefs") === "" ? undefined : text("tracefs"),
    events: words("events"),
    instances: text("instances") === "yes",
    hist: text("hist") === "yes",
    synthetic: text("synthetic") === "yes",
    kprobes: text("kprobes") === "yes",
    notracePid: text("notrace_pid") === "yes",
    hashPtr: text("hash_ptr") === "yes",
    clocks: text("clocks"),
    tracer: text("tracer"),
    tracingOn: text("tracing_on") === "1",
    bufferKb: number("buffer_kb") ?? 0,
    eventsOn: words("events_on"),
    otherInstances: words("other_instances"),
    stale: number("stale") ?? 0,
    eventsPerSecond: events === undefined || !(window > 0) ? undefined : events / window,
    eventBytes: number("event_bytes"),
    pointers: pointers === "real" || pointers === "hashed" ? pointers : undefined,
  };
}
