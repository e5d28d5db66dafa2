/** The kernel command line of a boot capture, each parameter with its reason: pure, of what the agent found. */
import { KmemtapError } from "../../model/errors.ts";
import type { AgentFacts } from "../agent/agent-facts.ts";
import { RING_EVENT_BYTES } from "./check-rate.ts";
import { KMEM_EVENTS } from "./check-rights.ts";
import { count, sizeOfKb, timeOf } from "./quantities.ts";

export interface BootParameter {
  readonly text: string;
  readonly reason: string;
}

export interface BootParameters {
  readonly parameters: readonly BootParameter[];
  /** What else is worth knowing, a sentence each. */
  readonly notes: readonly string[];
}

export interface BootWishes {
  /** Events a second while it boots. */
  readonly rate: number;
  /** How long until somebody reads. */
  readonly seconds: number;
  /** The events on the console as well, from before tracing can be read. */
  readonly tpPrintk: boolean;
  /** A cap on the ring buffers of all CPUs, KB; else a quarter of the target's memory, where that is known. */
  readonly memoryKb?: number;
}

/** What is looked at of a kernel; undefined stands for any kernel. */
export type BootFacts = Pick<AgentFacts, "release" | "events" | "cpus" | "memTotalKb" | "cmdline" | "hist">;

/** A quarter of the memory is the most that a boot capture takes. */
const SHARE = 4;
/** Boots differ by more than a few per cent. */
const MARGIN = 1.25;
const STEP_KB = 8 * 1024;

/** @throws {KmemtapError} `target/unsupported` where the kernel does not bear what was asked for */
export function bootParameters(wishes: BootWishes, facts: BootFacts | undefined): BootParameters {
  const version = facts === undefined ? undefined : versionOf(facts.release);
  if (wishes.tpPrintk && version !== undefined && isVersion(version, 5, 10)) throw hangs(facts?.release ?? "");
  const buffer = bufferSize(wishes, facts);
  return {
    parameters: [
      eventsParameter(facts),
      buffer.parameter,
      {
        text: "trace_clock=global",
        reason:
          "the same clock on every CPU; where the TSC is judged unstable late in the boot, the kernel would change the " +
          "clock and wipe the buffer",
      },
      ...pointerParameters(version, wishes.tpPrintk),
      ...(wishes.tpPrintk ? [PRINTK] : []),
    ],
    notes: [...buffer.notes, ...notesOn(version, wishes.tpPrintk, facts)],
  };
}

const PRINTK: BootParameter = {
  text: "tp_printk",
  reason: "prints each event on the console as well, from the first moment; slow: tens of thousands of lines a boot",
};

function eventsParameter(facts: BootFacts | undefined): BootParameter {
  const known = KMEM_EVENTS.filter((event) => facts?.events.includes(event));
  const events = known.length > 0 ? known : KMEM_EVENTS;
  return {
    text: `trace_event=${events.map((event) => `kmem:${event}`).join(",")}`,
    reason:
      known.length > 0
        ? "the allocator's events that this kernel has, recorded from the moment the ring buffer exists"
        : "the allocator's events, recorded from the moment the ring buffer exists; names that a kernel lacks only warn",
  };
}

function bufferSize(wishes: BootWishes, facts: BootFacts | undefined): { parameter: BootParameter; notes: string[] } {
  const events = wishes.rate * wishes.seconds;
  const wantedKb = Math.ceil((events * RING_EVENT_BYTES * MARGIN) / 1024 / STEP_KB) * STEP_KB;
  const cpus = facts?.cpus ?? 1;
  const limitKb =
    wishes.memoryKb ?? (facts === undefined || facts.memTotalKb === 0 ? undefined : facts.memTotalKb / SHARE);
  const mostKb = limitKb === undefined ? Infinity : Math.max(1, Math.floor(limitKb / cpus));
  const kb = wantedKb <= mostKb ? wantedKb : mostKb < 1024 ? mostKb : Math.floor(mostKb / 1024) * 1024;
  const reason =
    `for each CPU: ${count(events)} events (${count(wishes.rate)}/s for ${timeOf(wishes.seconds)}) of some ` +
    `${RING_EVENT_BYTES} bytes, since most of a boot runs on one CPU; the default of 1.4 MB does not hold a boot`;
  const parameter = { text: `trace_buf_size=${kb % 1024 === 0 ? `${kb / 1024}M` : `${kb}K`}`, reason };
  if (kb < wantedKb) {
    const held = (kb * 1024) / RING_EVENT_BYTES;
    return {
      parameter,
      notes: [
        `the buffer is kept to a quarter of the memory (${cpus} × ${sizeOfKb(kb)}): it holds some ${count(held)} events, ` +
          `${timeOf(held / wishes.rate)} at that rate; what comes before is overwritten, and counted`,
      ],
    };
  }
  if (limitKb !== undefined) return { parameter, notes: [] };
  return {
    parameter,
    notes: [
      "without a TARGET its memory is not known: all CPUs' buffers together should not take more than a quarter of it",
    ],
  };
}

/** `no_hash_pointers` came with 5.12 (commit 5ead723a20e0). */
function pointerParameters(version: Version | undefined, tpPrintk: boolean): BootParameter[] {
  if (version !== undefined && !isAtLeast(version, 5, 12)) return [];
  const early = tpPrintk
    ? "; without it 40 to 64 % of the console's lines have (____ptrval____) in place of a pointer"
    : "";
  return [
    {
      text: "no_hash_pointers",
      reason: `real pointers in the text; harmless (the kernel prints a warning about it)${early}`,
    },
  ];
}

function notesOn(version: Version | undefined, tpPrintk: boolean, facts: BootFacts | undefined): string[] {
  const notes: string[] = [];
  if (version === undefined) {
    notes.push(
      "trace_clock= needs Linux 3.10, no_hash_pointers 5.12; what a kernel does not know it passes on to init",
    );
  } else if (isAtLeast(version, 6, 12)) {
    notes.push(
      "this kernel also knows trace_instance=NAME (a ring buffer of its own, fixed 1.4 MB a CPU)" +
        (facts?.hist === true
          ? " and trace_trigger=kmalloc.hist:keys=call_site:vals=bytes_alloc (sums per call site from the start)"
          : ""),
    );
  }
  if (tpPrintk) {
    notes.push(
      "give the console a port of its own (console=…): at 115200 baud tp_printk makes a boot take half an hour",
    );
    if (version === undefined) notes.push("Linux 5.10 hangs with tp_printk: leave it out there");
    if (/(^| )quiet( |$)/.test(facts?.cmdline ?? "")) {
      notes.push("take quiet off its command line: it keeps the lines of tp_printk off the console");
    }
  }
  return notes;
}

type Version = readonly [major: number, minor: number];

function versionOf(release: string): Version | undefined {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

function isVersion(version: Version, major: number, minor: number): boolean {
  return version[0] === major && version[1] === minor;
}

function isAtLeast(version: Version, major: number, minor: number): boolean {
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

function hangs(release: string): KmemtapError {
  return new KmemtapError("target/unsupported", `Linux ${release} hangs at boot with tp_printk`, {
    nextStep: "leave --tp-printk out: the ring buffer holds all from 0.15 to 0.4 s on",
  });
}
