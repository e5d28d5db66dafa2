/**
 * A snapshot as a heap profile in pprof's form (google/pprof, proto/profile.proto), gzipped: what `go tool pprof`, Pyroscope, Grafana and
 * speedscope read. The sample types are those of Go's own heap profiles, so that every reader knows what is in use and what was allocated.
 *
 * All samples add up to the account: what came without a stack, or with one that the snapshot does not list, stands under its call site alone.
 */
import { gzipSync } from "node:zlib";
import { Label, Profile, Sample, ValueType } from "pprof-format";
import { chargedBy } from "../model/caller.ts";
import type { CallerRow, CallerSource, Snapshot } from "../model/snapshot.ts";
import { VERSION } from "../model/version.ts";
import { lossNotice } from "./loss-notice.ts";
import { KERNEL_IMAGE, moduleOf, PprofPlaces } from "./pprof-places.ts";

export interface PprofOptions {
  /** When the snapshot was taken, Unix epoch, ms; absent where nobody knows, as of a recorded trace. */
  readonly atMs?: number | undefined;
  /** Where in the source the frames of stacks are, by call site; callers say it themselves. */
  readonly sources?: ReadonlyMap<string, CallerSource> | undefined;
  /** The rows are what changed in the snapshot's window: in use is what was at its end less what was at its beginning, which may be below zero. */
  readonly isWindow?: boolean | undefined;
}

/** Type and unit of each value of a sample, in the order of Go's heap profiles. */
const SAMPLE_TYPES = [
  ["alloc_objects", "count"],
  ["alloc_space", "bytes"],
  ["inuse_objects", "count"],
  ["inuse_space", "bytes"],
] as const;
const DEFAULT_SAMPLE_TYPE = "inuse_space";

type Sums = Pick<CallerRow, "allocs" | "totalBytes" | "liveObjects" | "netBytes">;
const valuesOf = ({ allocs, totalBytes, liveObjects, netBytes }: Sums) => [allocs, totalBytes, liveObjects, netBytes];

/** @param snapshot with `stacks.rows` where there are stacks; those it does not list are under their call sites */
export function formatPprof(snapshot: Snapshot, options: PprofOptions = {}): Uint8Array<ArrayBuffer> {
  return gzipSync(profileOf(snapshot, options).encode());
}

function profileOf(snapshot: Snapshot, { atMs, sources, isWindow = false }: PprofOptions): Profile {
  const places = new PprofPlaces(snapshot.buildId);
  const { strings } = places;
  const valueType = (type: string, unit: string) =>
    new ValueType({ type: strings.dedup(type), unit: strings.dedup(unit) });
  const label = (key: string, text: string) => new Label({ key: strings.dedup(key), str: strings.dedup(text) });

  const common = commonLabels(snapshot).map(([key, text]) => label(key, text));
  const rest = new Map(snapshot.callers.map((row) => [row.callSite, { row, left: valuesOf(row) }]));
  const samples: Sample[] = [];
  const add = (frames: readonly string[], row: CallerRow, value: number[]) => {
    if (value.every((figure) => figure === 0)) return;
    const locationId = frames.map((frame) =>
      places.location(frame, frame === row.callSite ? row.source : sources?.get(frame)),
    );
    samples.push(new Sample({ locationId, value, label: [...labelsOf(row).map(([k, v]) => label(k, v)), ...common] }));
  };
  const byCaller = new Map(snapshot.callers.map((row) => [row.caller, row.callSite]));
  for (const stack of snapshot.stacks?.rows ?? []) {
    const charged = rest.get(chargedBy(stack) ?? byCaller.get(stack.caller) ?? "");
    // Of a directory (--branch), only what it holds.
    if (charged === undefined) continue;
    const values = valuesOf(stack);
    add(stack.frames, charged.row, values);
    charged.left = charged.left.map((figure, i) => figure - values[i]);
  }
  for (const { row, left } of rest.values()) add([row.callSite], row, left);

  const { firstEventNs, lastEventNs } = snapshot.window;
  return new Profile({
    sampleType: SAMPLE_TYPES.map(([type, unit]) => valueType(type, unit)),
    sample: samples,
    mapping: places.mappings,
    location: places.locations,
    function: places.functions,
    stringTable: strings,
    // Nanoseconds of today are beyond what a number holds.
    timeNanos: atMs === undefined ? 0 : BigInt(Math.round(atMs)) * 1_000_000n,
    durationNanos: firstEventNs === null || lastEventNs === null ? 0 : Math.round(lastEventNs - firstEventNs),
    // Every allocation is counted, where Go's profiler takes one of so many bytes.
    periodType: valueType("space", "bytes"),
    period: 1,
    comment: commentsOf(snapshot, isWindow).map((text) => strings.dedup(text)),
    defaultSampleType: strings.dedup(DEFAULT_SAMPLE_TYPE),
  });
}

/** To be filtered and grouped by: `go tool pprof -tagfocus=directory=fs/ext4`, `-tagroot=module`. */
function labelsOf({ caller, callSite, source }: CallerRow): [key: string, text: string][] {
  const labels: [string, string][] = [
    ["caller", caller],
    ["module", moduleOf(callSite, source) ?? KERNEL_IMAGE],
  ];
  const file = source?.file;
  if (file !== undefined && file !== null)
    labels.push(["directory", file.slice(0, Math.max(0, file.lastIndexOf("/")))]);
  return labels;
}

/** Of every sample, since readers merge the profiles of many targets. */
function commonLabels({ source, release, exact }: Snapshot): [key: string, text: string][] {
  return [
    ["target", source.label],
    ...(release === undefined ? [] : [["kernel", release] as [string, string]]),
    ...(exact ? [] : [["exact", "no"] as [string, string]]),
  ];
}

function commentsOf(snapshot: Snapshot, isWindow: boolean): string[] {
  const { source, release, buildId, mode, filter, branch, stacks, symbols, window } = snapshot;
  const lines = [
    `kmemtap ${VERSION}: kernel memory of ${source.label}, run ${String(source.run)}${source.recording ? ", recorded" : ""}`,
  ];
  if (release !== undefined) lines.push(`Linux ${release}${buildId === undefined ? "" : ` (build id ${buildId})`}`);
  if (mode !== undefined) lines.push(`read in mode ${mode}: ${snapshot.modeReason ?? ""}`);
  if (filter !== "all") lines.push(`only ${filter === "malloc" ? "kmalloc" : "kmem_cache"} is accounted`);
  if (branch !== undefined) lines.push(`only ${branch} is in it`);
  if (window.firstEventNs !== null && window.lastEventNs !== null)
    lines.push(`trace clock ${seconds(window.firstEventNs)} to ${seconds(window.lastEventNs)} s`);
  if (isWindow) lines.push("what changed between these: in use is what was at the end less what was at the beginning");
  if (stacks !== undefined)
    lines.push(`stacks: ${String(stacks.charged)} allocations have one, ${String(stacks.stackless)} stand alone`);
  if (symbols !== undefined) lines.push(`source by ${symbols.kernel}`);
  lines.push(lossNotice(snapshot) ?? "exact: no event was lost");
  return lines;
}

function seconds(ns: number): string {
  return (ns / 1e9).toFixed(6);
}
