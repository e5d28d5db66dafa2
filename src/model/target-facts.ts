/** What an armed target adds to an account: how it is read, its ring buffers, its maps, its link. Part of `snapshot.ts`. */
import { z } from "zod";
import { functionCountsSchema } from "./function-counts.ts";
import { printkSchema } from "./printk.ts";
import { reconciliationSchema } from "./reconciliation.ts";

const count = z.number().int().nonnegative();

export const captureModeSchema = z
  .enum(["raw", "text", "hist", "printk"])
  .describe(
    "how the target is read: every event as raw sub-buffers or as text, sums made in its kernel, or its console's tp_printk lines",
  )
  .meta({ id: "CaptureMode" });
export type CaptureMode = z.infer<typeof captureModeSchema>;

export const cpuStatsSchema = z
  .object({
    cpu: count,
    entries: count.describe("events in the ring buffer that nobody has read yet"),
    overrun: count.describe("events overwritten before they were read"),
    commitOverrun: count.describe("events lost because nested writers filled the buffer"),
    bytes: count.describe("bytes in the ring buffer"),
    droppedEvents: count.describe("events refused because the buffer was full and may not overwrite"),
    readEvents: count.describe("events read so far"),
    oldestEventAgeS: z
      .number()
      .nonnegative()
      .nullable()
      .describe("age of the oldest unread event; null when there is none"),
    sizeBytes: count.describe("size of this CPU's ring buffer; 0 where unknown"),
    fill: z.number().min(0).max(1).describe("bytes / sizeBytes"),
    secondsToOverrun: z
      .number()
      .nonnegative()
      .nullable()
      .describe(
        "at the rate of the last looks, where it held more at each of three than at the one before and overruns within 120 s; 0 where it has lost events since the last look; else null",
      ),
  })
  .meta({ id: "CpuStats" });
/** One CPU's ring buffer as the target's `per_cpu/cpuN/stats` has it (kernel/trace/trace.c, tracing_stats_read). */
export type CpuStats = z.infer<typeof cpuStatsSchema>;

export const histMapSchema = z
  .object({
    map: z.string().describe("the event and what the map is for: kmalloc by site, kmalloc live pointers ..."),
    entries: count,
    size: count.describe("keys it can hold"),
    dropped: count.describe("events that found no room; any makes the account inexact"),
  })
  .meta({ id: "HistMap" });
/** The state of one hist trigger's map in the target's kernel (Documentation/trace/histogram.rst). */
export type HistMap = z.infer<typeof histMapSchema>;

export const linkFactsSchema = z
  .object({
    kind: z.enum(["local", "ssh", "serial", "pty", "unix", "tcp", "qemu", "file", "replay"]),
    label: z.string(),
    bytesPerSecond: z.number().nonnegative().nullable().describe("what the link carries, by its nature or as measured"),
    bytesReceived: count,
    reconnects: count.describe("times the link broke and was made again"),
  })
  .meta({ id: "LinkFacts" });

/** What an armed target adds to an account: how it was read, and the state of its ring buffers. */
export const targetFactsSchema = z
  .object({
    mode: captureModeSchema,
    modeReason: z.string().describe("why this mode, one line"),
    link: linkFactsSchema,
    cpus: z.array(cpuStatsSchema).describe("per-CPU ring-buffer stats as last reported; empty before the first report"),
    histMaps: z.array(histMapSchema).describe("mode hist: the maps in the target's kernel"),
    gaps: z
      .array(z.object({ fromMs: z.number(), toMs: z.number(), reason: z.string() }))
      .describe("times (Unix epoch, ms) in which the link was down and nothing was recorded"),
    findings: z.array(z.string()).describe("what the target could not do, or what was done about it; a line each"),
    disorderedEvents: count
      .optional()
      .describe("mode raw: events that came behind a younger one, of a CPU that was no longer waited for"),
    reconciliation: reconciliationSchema
      .optional()
      .describe("events set against /proc/slabinfo; absent where it was not read at both ends of the window"),
    functionCounts: functionCountsSchema
      .optional()
      .describe(
        "events set against /proc/allocinfo, by function; absent where the kernel has none, or it was not read at both ends",
      ),
    printk: printkSchema.optional().describe("the console's tp_printk lines, where they are part of the account"),
    release: z.string().describe("uname -r"),
    buildId: z
      .string()
      .optional()
      .describe("of the running kernel, from /sys/kernel/notes; absent where it does not say"),
    bootId: z.string(),
  })
  .meta({ id: "TargetFacts" });
export type TargetFacts = z.infer<typeof targetFactsSchema>;
