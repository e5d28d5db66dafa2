/** Ring buffer, link and mode against the events that the target makes: pure, of what was measured. */
import type { Check } from "../../model/doctor.ts";
import type { LinkFacts } from "../../model/ports.ts";
import type { AgentFacts } from "../agent/agent-facts.ts";
import { BUSY_EVENTS_PER_SECOND, chooseMode, type ModeChoice, TEXT_EVENT_BYTES } from "../agent/choose-mode.ts";
import { count, rounded, speedOf, timeOf } from "./quantities.ts";

/** Bytes of an event in the ring buffer, where none was counted: 45 to 62 on eight kernels. */
export const RING_EVENT_BYTES = 60;
/** A reader may be held up that long. */
const SHORT_S = 5;

/** How long the ring buffer of one CPU lasts when nobody reads. All events may well come from one. */
export function bufferCheck({ eventsPerSecond, eventBytes }: AgentFacts, bufferKb: number): Check {
  const name = "buffer";
  const bytes = eventBytes ?? RING_EVENT_BYTES;
  const holds = (bufferKb * 1024) / bytes;
  const busy = Math.max(BUSY_EVENTS_PER_SECOND, eventsPerSecond ?? 0);
  const says = [
    `${bufferKb} kB a CPU hold ${count(holds)} events`,
    ...(eventsPerSecond === undefined
      ? []
      : [
          `the target makes ${count(eventsPerSecond)} a second now: with nobody reading, ${lasts(holds, eventsPerSecond)}`,
        ]),
    ...(busy > (eventsPerSecond ?? 0) ? [`at a workload's ${count(busy)}, ${lasts(holds, busy)}`] : []),
  ];
  if (holds / busy >= SHORT_S) return { name, status: "ok", finding: says.join("; ") };
  return {
    name,
    status: "note",
    finding: says.join("; "),
    remedy: `--buffer-kb ${powerOfTwo((busy * bytes * 2 * SHORT_S) / 1024)}, or --on-overrun grow`,
  };
}

function lasts(holds: number, rate: number): string {
  return rate < 1 ? "full never" : `full in ${timeOf(holds / rate)}`;
}

function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value));
}

export interface LinkSpeed {
  /** Measured, bytes a second; undefined where it was not. */
  readonly measured: number | undefined;
  /** Several channels at once: raw pages and text go side by side. */
  readonly concurrent: boolean;
}

export function linkCheck(link: LinkFacts, { measured, concurrent }: LinkSpeed, eventsPerSecond?: number): Check {
  const name = "link";
  const carries = slower(measured, link.bytesPerSecond);
  const says = [
    `${link.kind}, ${concurrent ? "many channels" : "one channel"}`,
    ...(link.bytesPerSecond === undefined ? [] : [`${speedOf(link.bytesPerSecond)} by its baud rate`]),
    ...(measured === undefined ? [] : [`${speedOf(measured)} measured`]),
    ...(carries === undefined ? [] : [`${count(carries / TEXT_EVENT_BYTES)} events/s as text`]),
  ];
  const finding = says.join("; ");
  const isSlow =
    carries !== undefined && carries / TEXT_EVENT_BYTES < Math.max(BUSY_EVENTS_PER_SECOND, eventsPerSecond ?? 0);
  if (measured !== undefined && link.bytesPerSecond !== undefined && measured < link.bytesPerSecond / 2) {
    return {
      name,
      status: "note",
      finding: `${finding}: far less than its baud rate promises`,
      remedy: "check flow control and the adapter; ?baud= may say more than the line has",
    };
  }
  if (!isSlow) return { name, status: "ok", finding };
  return {
    name,
    status: "note",
    finding,
    remedy: "SSH, a virtio port or a faster UART carries more; mode hist needs less",
  };
}

function slower(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

export interface ModeFinding {
  readonly check: Check;
  readonly choice: ModeChoice;
  /** How many times the measured rate the link can carry as text. */
  readonly headroom: number | undefined;
}

/** The mode that a capture with `--mode auto` will choose, by the same rule and the same figures. */
export function modeCheck(link: LinkFacts, { measured, concurrent }: LinkSpeed, facts: AgentFacts): ModeFinding {
  const bytesPerSecond = concurrent ? undefined : (link.bytesPerSecond ?? measured);
  const choice = chooseMode("auto", link, bytesPerSecond, facts);
  const rate = facts.eventsPerSecond;
  const carries = slower(measured, link.bytesPerSecond);
  const headroom =
    choice.headroom ??
    (rate === undefined || carries === undefined ? undefined : carries / TEXT_EVENT_BYTES / Math.max(rate, 1));
  const room =
    headroom === undefined
      ? ""
      : `; the link has room for ${rounded(headroom)} times the events that are made now, as text`;
  const finding = `${choice.mode}: ${choice.reason}${room}`;
  const tooSlow = bytesPerSecond !== undefined && bytesPerSecond / TEXT_EVENT_BYTES < BUSY_EVENTS_PER_SECOND;
  if (choice.mode === "hist" && !facts.timedRead) {
    const sleeps =
      "the agent's own sleeps are in the sums, some 60 allocations every 5 s, as the shell there has no read -t";
    const remedy = "a busybox sh, bash or mksh as the sh there (dash has none)";
    return { choice, headroom, check: { name: "mode", status: "note", finding: `${finding}; ${sleeps}`, remedy } };
  }
  const overruns = choice.mode === "text" && (tooSlow || (headroom !== undefined && headroom < 1));
  return {
    choice,
    headroom,
    check: overruns
      ? {
          name: "mode",
          status: "note",
          finding,
          remedy: "a larger --buffer-kb for bursts; a faster link, or a kernel with CONFIG_HIST_TRIGGERS=y",
        }
      : { name: "mode", status: "ok", finding },
  };
}
