/** A CPU's ring-buffer stats as the agent says them (`per_cpu/cpuN/stats`). */
import { clockNsOf, countOf, fieldsOf } from "../target/agent/agent-line.ts";
import type { StatsSample } from "./overrun-watch.ts";

/** More than any kernel is built for (NR_CPUS). */
const MAX_CPUS = 8192;
const MAX_KB = 2 ** 40;

/** Undefined where a figure is missing or none. */
export function sampleOf(text: string): StatsSample | undefined {
  const fields = fieldsOf(text);
  const count = (key: string) => countOf(fields.get(key));
  const [cpu, entries, overrun, commitOverrun] = [count("cpu"), count("entries"), count("overrun"), count("commit")];
  const [bytes, droppedEvents, readEvents, kb] = [count("bytes"), count("dropped"), count("read"), count("kb")];
  const [oldestNs, nowNs] = [clockNsOf(fields.get("oldest")), clockNsOf(fields.get("now"))];
  if (cpu === undefined || entries === undefined || overrun === undefined || commitOverrun === undefined)
    return undefined;
  if (cpu >= MAX_CPUS) return undefined;
  if (bytes === undefined || droppedEvents === undefined || readEvents === undefined || nowNs === undefined)
    return undefined;
  return {
    cpu,
    entries,
    overrun,
    commitOverrun,
    bytes,
    oldestNs: oldestNs ?? nowNs,
    nowNs,
    droppedEvents,
    readEvents,
    sizeBytes: kb !== undefined && kb < MAX_KB ? kb * 1024 : 0,
  };
}
