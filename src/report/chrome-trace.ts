/**
 * Live bytes as counter tracks in the Trace Event Format, JSON that Perfetto and chrome://tracing open: `ph` C is a counter,
 * `ts` counts microseconds, a value holds until the next; `ph` M names the process that the tracks are grouped under.
 */
import type { LiveTracks } from "../model/live-tracks.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { VERSION } from "../model/version.ts";

const PID = 1;
const TOTAL = "total live bytes";

/** A track of the total, and one of each caller; the snapshot says of what, and whether it is exact. */
export function formatChromeTrace({ timesNs, totalNetBytes, callers }: LiveTracks, snapshot: Snapshot): string {
  const lines = [
    JSON.stringify({
      name: "process_name",
      ph: "M",
      pid: PID,
      tid: 0,
      args: { name: `kernel memory: ${snapshot.source.label}` },
    }),
    ...counter(TOTAL, timesNs, totalNetBytes),
  ];
  // The same caller in two modules, or once with another size: a name is one track.
  const names = new Map<string, number>();
  for (const { caller, netBytes } of callers) {
    const times = (names.get(caller) ?? 0) + 1;
    names.set(caller, times);
    lines.push(...counter(times === 1 ? caller : `${caller} (${String(times)})`, timesNs, netBytes));
  }
  const { exact, loss } = snapshot;
  const otherData = {
    version: `kmemtap ${VERSION}`,
    exact,
    lostEvents: loss.lostEvents,
    damagedInput: loss.damagedInput,
  };
  return `{"traceEvents":[\n${lines.join(",\n")}\n],"displayTimeUnit":"ns","otherData":${JSON.stringify(otherData)}}\n`;
}

/** Only what differs from the value before, and the last, so that the track is as long as the trace. */
function counter(name: string, timesNs: readonly number[], values: readonly number[]): string[] {
  const lines: string[] = [];
  for (const [i, value] of values.entries()) {
    if (i > 0 && i < values.length - 1 && value === values[i - 1]) continue;
    lines.push(JSON.stringify({ name, ph: "C", ts: timesNs[i] / 1000, pid: PID, tid: 0, args: { bytes: value } }));
  }
  return lines;
}
