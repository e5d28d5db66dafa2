/** A target that kmemtap arms itself: how it is looked at, and with what options its agent is started. */
import { KmemtapError } from "../../model/errors.ts";
import type { AskSecret, Shell } from "../../model/ports.ts";
import type { ShellTarget } from "../../model/target.ts";
import { openShell } from "../open-shell.ts";
import { type AgentFacts, readFacts } from "./agent-facts.ts";
import { type AgentPlan, type AgentSource, agentSource } from "./agent-source.ts";
import { chooseBufferKb, chooseSubBufferKb } from "./choose-buffer.ts";
import { chooseMode, type WantedMode } from "./choose-mode.ts";
import { measureLink } from "./measure-link.ts";
import { refusalOf } from "./refusal.ts";

export interface ArmOptions {
  readonly mode: WantedMode;
  /** Ring buffer of each CPU, KB; "auto" goes by the target's memory. */
  readonly bufferKb: number | "auto";
  /** What it may grow to by itself, KB; 0 leaves it as it is. */
  readonly growKb: number;
  /** Of what a ring buffer is made and, in mode raw, read in, KB, from Linux 6.8 on; 0 leaves it a page, "auto" goes by the link. */
  readonly subBufferKb: number | "auto";
  readonly pollMs: number;
  /** The window begins with the first phase of a workload, not at once. */
  readonly wait: boolean;
  readonly scope: "system" | "process";
  /** Keys of a map of live pointers in mode hist; 0 chooses by the target's memory. */
  readonly histKeys: number;
  readonly reconnect: boolean;
  /** CPUs give back what they keep free before slabs are counted; else that counts as used. */
  readonly exactSlabs?: boolean;
  /** Milliseconds between readings of the slabs while it goes on; those of the ends alone unless given. */
  readonly slabsMs?: number;
  /** /proc/allocinfo is read over a serial line, too, some ten KB at each end; else only where a link has room for it. */
  readonly allocinfo?: boolean;
  /** In mode raw: the stream is to hold the names of tasks, for whoever records it, or accounts by task. */
  readonly names?: boolean;
  /** Each allocation is to be followed by its stack. */
  readonly stacks?: boolean;
  /** Frees that raise no event are to be followed by probes. */
  readonly bulk?: boolean;
  readonly ask: AskSecret;
  /** Seconds without a word from here after which the agent restores the target and ends. */
  readonly quietSeconds?: number;
  readonly say: (text: string) => void;
}

const QUIET_S = 30;
/** Some 100 KB of a large kernel's functions are then a tenth of it. */
const ALLOCINFO_BUFFER_KB = 1024;

export function armTarget(target: ShellTarget, label: string, options: ArmOptions): AgentSource {
  return agentSource({
    label,
    connect: () => {
      if (target.kind === "qemu") options.say("booting a guest in QEMU");
      return openShell(target, options.ask);
    },
    plan: (shell, wanted) => planFor(shell, wanted ?? options.mode, options),
    reconnect: options.reconnect,
    tickMs: options.pollMs,
    ...(options.slabsMs === undefined ? {} : { slabsMs: options.slabsMs }),
    say: options.say,
  });
}

/** Looks at a target and decides how to read it. */
async function planFor(shell: Shell, wanted: WantedMode, options: ArmOptions): Promise<AgentPlan> {
  // Counting what an idle target does takes a second; only a link that may be too slow asks for it.
  const mayBeSlow = !shell.concurrent;
  const isOpen = wanted === "auto" || wanted === "events";
  const facts = await readFacts(shell, mayBeSlow && isOpen ? 1 : 0);
  refuseUntraceable(facts, shell.link.label);
  const bytesPerSecond = mayBeSlow ? (shell.link.bytesPerSecond ?? (await measureLink(shell))) : undefined;
  const { mode, reason } = chooseMode(wanted, shell.link, bytesPerSecond, facts);
  const bufferKb = chooseBufferKb(options.bufferKb, shell.concurrent, facts);
  const subBufferKb = mode === "raw" ? chooseSubBufferKb(options.subBufferKb, shell.link.kind, facts) : 0;
  // Sums tell no sizes, and the events of some processes are not those of the system that slabs are.
  const isWhole = mode !== "hist" && options.scope === "system";
  // It goes through the ring buffer.
  const hasRoom = shell.concurrent && bufferKb >= ALLOCINFO_BUFFER_KB;
  const steppedDown = wanted !== options.mode ? "the link fell behind" : undefined;
  return {
    mode,
    reason: steppedDown ?? reason,
    facts,
    bytesPerSecond,
    options: [
      `buffer_kb=${bufferKb}`,
      `grow_kb=${options.growKb === 0 ? 0 : Math.max(options.growKb, bufferKb)}`,
      ...(subBufferKb > 0 ? [`subbuf_kb=${subBufferKb}`] : []),
      `poll=${(options.pollMs / 1000).toFixed(1)}`,
      `quiet=${options.quietSeconds ?? QUIET_S}`,
      // One channel: the stats stand in the stream, so that nothing is torn. In mode raw its reader says them.
      `stats=${mode === "raw" ? "none" : shell.concurrent ? "err" : "mark"}`,
      `wait=${options.wait ? 1 : 0}`,
      `scope=${options.scope}`,
      `console=${shell.concurrent ? 0 : 1}`,
      `size=${options.histKeys}`,
      `slabs=${!isWhole ? 0 : options.exactSlabs === true ? "exact" : 1}`,
      ...(isWhole && (hasRoom || options.allocinfo === true) ? ["tags=1"] : []),
      ...(mode === "raw" && options.names ? ["names=1"] : []),
      ...(mode !== "hist" && options.stacks === true ? ["stacks=1"] : []),
      ...(mode !== "hist" && options.bulk === true ? ["bulk=1"] : []),
      // What this process does to read of an event would make the next.
      ...(shell.link.kind === "local" ? [`host=${process.pid}`] : []),
    ],
  };
}

/** What the agent would refuse, said before anything is armed. */
function refuseUntraceable(facts: AgentFacts, label: string): void {
  if (facts.uid !== undefined && facts.uid !== 0) throw refusalOf("code=not-root", label);
  if (facts.tracefs === undefined) {
    throw refusalOf(facts.lockdown === "confidentiality" ? "code=lockdown" : "code=no-tracefs", label);
  }
  if (facts.events.length === 0) throw refusalOf("code=no-events", label);
  if (!facts.instances) throw refusalOf("code=no-instances", label);
  if (facts.release === "") {
    throw new KmemtapError("agent/refused", `${label} did not say what it is`, { nextStep: "try again" });
  }
}
