/**
 * `/metrics` in Prometheus' text form: each target's sums, its link, its ring buffers, and the callers that hold the most.
 *
 * The number of series is bounded: of callers there are the largest, and the rest as one, `caller="other"`, so that they add up to the total. They are
 * gauges, since a caller that leaves the largest and comes back would be a counter that was reset.
 */
import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { CallerRow, Snapshot } from "../model/snapshot.ts";
import { VERSION } from "../model/version.ts";
import { linkStateSchema, targetSummarySchema } from "../model/wire.ts";
import type { TargetHub } from "./hub/target-hub.ts";
import type { TargetRegistry } from "./registry.ts";

export interface MetricsOptions {
  /** Callers with a series of their own, of each target. */
  readonly topCallers: number;
}

const OTHER = "other";
/** What prom-client says of the process against Prometheus' own rules: gauges by a counter's name, sums of others that are there. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];
const STATES = targetSummarySchema.shape.state.options;
const LINKS = linkStateSchema.shape.status.options;

export function addMetrics(app: FastifyInstance, registry: TargetRegistry, options: MetricsOptions): void {
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  for (const name of MISNAMED) own.removeSingleMetric(name);
  app.get("/metrics", async (_request, reply) => {
    const all = Registry.merge([own, metricsOf(registry.hubs, options)]);
    return reply.type(all.contentType).send(await all.metrics());
  });
}

/** Of this moment, made anew each time: what is gone has no series that would stay. */
export function metricsOf(hubs: readonly TargetHub[], { topCallers }: MetricsOptions): Registry {
  const registers = [new Registry()];
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name: `kmemtap_${name}`, help, labelNames, registers });
  const counter = (name: string, help: string) =>
    new Counter({ name: `kmemtap_${name}`, help, labelNames: ["target"], registers });

  gauge("build_info", "Version of kmemtap.", ["version"]).set({ version: VERSION }, 1);
  const state = gauge("target_state", "1 for the state that the target is in.", ["target", "state"]);
  const link = gauge("link_state", "1 for the state that the link to the target is in.", ["target", "state"]);
  const updated = gauge("last_update_timestamp_seconds", "When the account was taken last.", ["target"]);
  const exact = gauge("account_exact", "1 while nothing was lost of the account.", ["target"]);
  const sums = SUMS.map(([name, help, of]) => ({ metric: gauge(name, help, ["target"]), of }));
  const counts = COUNTS.map(([name, help, of]) => ({ metric: counter(name, help), of }));
  const fill = gauge("buffer_fill_ratio", "How full a CPU's ring buffer is, 0 to 1.", ["target", "cpu"]);
  const time = gauge(
    "buffer_time_to_overrun_seconds",
    "Until a CPU's ring buffer is full, while an overrun is in sight.",
    ["target", "cpu"],
  );
  const callers = {
    bytes: gauge("caller_net_bytes", "Bytes allocated now, by the callers that hold the most.", ["target", "caller"]),
    objects: gauge("caller_live_objects", "Objects of the callers that hold the most bytes.", ["target", "caller"]),
  };

  for (const hub of hubs) {
    const target = hub.id;
    const now = hub.summary();
    for (const name of STATES) state.set({ target, state: name }, name === now.state ? 1 : 0);
    for (const name of LINKS) link.set({ target, state: name }, name === now.link ? 1 : 0);
    const { latest } = hub;
    // Zeros of what was never reached would read as an account, and as a fall to 0 of a run before.
    if (latest === undefined || !hub.isReached) continue;
    const { snapshot } = latest;
    updated.set({ target }, latest.link.nowMs / 1000);
    exact.set({ target }, snapshot.exact ? 1 : 0);
    for (const { metric, of } of sums) metric.set({ target }, of(snapshot));
    for (const { metric, of } of counts) {
      const count = of(snapshot);
      if (count !== undefined) metric.inc({ target }, count);
    }
    for (const cpu of snapshot.cpus ?? []) {
      fill.set({ target, cpu: String(cpu.cpu) }, cpu.fill);
      if (cpu.secondsToOverrun !== null) time.set({ target, cpu: String(cpu.cpu) }, cpu.secondsToOverrun);
    }
    for (const { caller, netBytes, liveObjects } of largest(snapshot, topCallers)) {
      callers.bytes.set({ target, caller }, netBytes);
      callers.objects.set({ target, caller }, liveObjects);
    }
  }
  return registers[0];
}

type Figure<Value = number> = readonly [name: string, help: string, of: (snapshot: Snapshot) => Value];

const SUMS: readonly Figure[] = [
  ["net_bytes", "Bytes allocated now.", ({ totals }) => totals.netBytes],
  ["net_requested_bytes", "Bytes requested of what is allocated now.", ({ totals }) => totals.netRequestedBytes],
  ["waste_bytes", "Bytes allocated now beyond what was requested.", ({ totals }) => totals.wasteBytes],
  ["live_objects", "Objects allocated now.", ({ totals }) => totals.liveObjects],
  ["call_sites", "Call sites that allocated.", ({ totals }) => totals.callSites],
];

/** They begin anew with each run: a boot, or another mode. */
const COUNTS: readonly Figure<number | undefined>[] = [
  ["allocations_total", "Allocations of this run.", ({ totals }) => totals.allocs],
  ["frees_total", "Frees of this run.", ({ totals }) => totals.frees],
  ["allocated_bytes_total", "Bytes allocated ever in this run.", ({ totals }) => totals.totalBytes],
  // Where the target's kernel adds them up none arrives: allocations and frees tell.
  ["events_total", "Events of the account.", ({ mode, input }) => (mode === "hist" ? undefined : input.events.lines)],
  ["lost_events_total", "Events lost, as far as they were counted.", ({ loss }) => loss.lostEvents + loss.histDropped],
  ["lost_uncounted_total", "Losses of which nobody knows how many events.", ({ loss }) => loss.lostUncounted],
  ["rejected_lines_total", "Trace lines that could not be read.", ({ loss }) => loss.rejected],
];

type Held = Pick<CallerRow, "caller" | "netBytes" | "liveObjects">;

/** Call sites that read alike are one series; the last one is of all the others. */
function largest({ callers, totals }: Snapshot, count: number): Held[] {
  const byCaller = new Map<string, { caller: string; netBytes: number; liveObjects: number }>();
  for (const { caller, netBytes, liveObjects } of callers) {
    const known = byCaller.get(caller);
    if (known === undefined) byCaller.set(caller, { caller, netBytes, liveObjects });
    else {
      known.netBytes += netBytes;
      known.liveObjects += liveObjects;
    }
  }
  const top = [...byCaller.values()].sort((a, b) => b.netBytes - a.netBytes).slice(0, count);
  const other = { caller: OTHER, netBytes: totals.netBytes, liveObjects: totals.liveObjects };
  for (const { netBytes, liveObjects } of top) {
    other.netBytes -= netBytes;
    other.liveObjects -= liveObjects;
  }
  return [...top, other];
}
