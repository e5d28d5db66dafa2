/** Which way to read a target: by its link, its kernel, and the events it makes. */
import { ExitCode, KmemtapError } from "../../model/errors.ts";
import type { LinkFacts } from "../../model/ports.ts";
import type { AgentFacts } from "./agent-facts.ts";

export type AgentMode = "raw" | "text" | "hist";
/** "events" is "auto" for whoever needs every event: sums made in the kernel do not do. */
export type WantedMode = "auto" | "events" | AgentMode;

export interface ModeChoice {
  readonly mode: AgentMode;
  /** Why, in words for people. */
  readonly reason: string;
  /** How many times the measured rate the link can carry; undefined where one of them is unknown. */
  readonly headroom: number | undefined;
}

/** Bytes of an event as text, measured on eight kernels: 130 to 190. */
export const TEXT_EVENT_BYTES = 166;
/** A quiet target is not one that stays quiet: a workload makes tens of thousands. */
export const BUSY_EVENTS_PER_SECOND = 20_000;

/**
 * @param bytesPerSecond what the link carries, by its nature or as measured; undefined where it keeps up with anything
 * @throws {KmemtapError} `target/unsupported` when a mode was asked for that this kernel does not have
 */
export function chooseMode(
  wanted: WantedMode,
  link: Pick<LinkFacts, "kind">,
  bytesPerSecond: number | undefined,
  facts: Pick<AgentFacts, "hist" | "synthetic" | "tools" | "eventsPerSecond" | "release" | "kallsyms">,
): ModeChoice {
  const canHist = facts.hist && facts.synthetic && facts.tools.has("awk");
  const carries = bytesPerSecond === undefined ? undefined : bytesPerSecond / TEXT_EVENT_BYTES;
  const rate = facts.eventsPerSecond;
  const headroom = carries === undefined || rate === undefined ? undefined : carries / Math.max(rate, 1);
  if (wanted === "hist" && !canHist) {
    const why = facts.hist && facts.synthetic ? "has no awk" : "has no hist triggers (CONFIG_HIST_TRIGGERS)";
    throw new KmemtapError("target/unsupported", `mode hist: Linux ${facts.release} there ${why}`, {
      nextStep: "use --mode text or auto",
      exitCode: ExitCode.targetFailed,
    });
  }
  if (wanted === "raw" && carries !== undefined) {
    throw new KmemtapError(
      "target/unsupported",
      `mode raw: a ${link.kind} link has one channel, which is a terminal's`,
      {
        nextStep: "use --mode text, hist or auto; raw sub-buffers come over ssh: and local:",
        exitCode: ExitCode.targetFailed,
      },
    );
  }
  if (wanted !== "auto" && wanted !== "events") return { mode: wanted, reason: "asked for", headroom };
  if (carries === undefined) {
    const every = `${link.kind} carries every event`;
    // The kernel names its functions in text whoever reads it; in kallsyms it may hide where they are (kptr_restrict).
    if (facts.kallsyms === "addresses") return { mode: "raw", reason: every, headroom };
    return { mode: "text", reason: `${every}; its kallsyms has no addresses, only text has names`, headroom };
  }
  const link_ = `the link carries ${count(carries)} events/s as text`;
  const makes = rate === undefined ? "" : `, the target makes ${count(rate)} when idle`;
  if (carries >= Math.max(BUSY_EVENTS_PER_SECOND, 2 * (rate ?? 0)))
    return { mode: "text", reason: link_ + makes, headroom };
  if (wanted === "events") return { mode: "text", reason: `every event is needed; ${link_}${makes}`, headroom };
  if (canHist) {
    // Who only looks at a quiet target may want what sums do not know.
    const fits = headroom !== undefined && headroom >= 1;
    const instead = fits ? "; --mode text fits while it stays idle, and has peaks, ages and tasks" : "";
    const busy = fits ? ", thousands when busy" : "";
    return { mode: "hist", reason: `${link_}${makes}${busy}: sums are made in its kernel${instead}`, headroom };
  }
  return {
    mode: "text",
    reason: `${link_}${makes}, and its kernel has no hist triggers: a busy target will overrun`,
    headroom,
  };
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}
