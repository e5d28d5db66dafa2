/** What the agent reads of the target's own counts: the sums of mode hist, the symbols of modules, the slabs, the kernel's allocation tags. */
import type { DoubtfulObjects } from "../accounting/workload-state.ts";
import { visibleName } from "../model/printable.ts";
import type { AgentLine } from "../target/agent/agent-line.ts";
import { AllocTagReadings } from "./alloc-tag-readings.ts";
import { HistAccount } from "./hist-account.ts";
import { ModuleSymbols } from "./module-symbols.ts";
import { SlabReadings } from "./slab-readings.ts";

/** Readings of the slabs: when the window began, and before the first phase of a workload's rounds (workload-script.ts). */
const FIRST = "begin";
const FIRST_ROUND = "1.0";
const SECOND_ROUND = "2.0";

/** The hist maps' reader (awk in the agent). */
const HIST_WRITER = "h";

export class TargetReadings {
  readonly hist = new HistAccount();
  readonly symbols = new ModuleSymbols();
  readonly slabs = new SlabReadings();
  readonly allocTags = new AllocTagReadings();

  constructor() {
    this.allocTags.cacheBytes = (cache) => this.slabs.bytesOf(cache);
  }

  /** Since the window began; undefined where the slabs were not read at both ends of it. */
  reconciled(cpuCount: number): ReturnType<SlabReadings["since"]> {
    return this.slabs.since(FIRST, cpuCount);
  }

  /** Of a workload: what hidden frees may explain. @param workload what its phases' names begin with; "" where it is the capture's only one */
  doubtfulOf(workload: string, cpuCount: number): DoubtfulObjects {
    const first = workload === "" ? FIRST : workload + FIRST_ROUND;
    return {
      inAll: this.slabs.since(first, cpuCount)?.doubtful,
      afterFirstRound: this.slabs.since(workload + SECOND_ROUND, cpuCount)?.doubtful,
    };
  }

  /** What could not be read, a line each. */
  get findings(): readonly string[] {
    return [...this.slabs.findings, ...this.allocTags.findings];
  }

  /** The state of a hist map is not among them: it may be an alert (target-state.ts). */
  hear(heard: AgentLine): void {
    const line = { ...heard, text: visibleName(heard.text) };
    if (line.writer === HIST_WRITER) this.hist.line(line.seq);
    switch (line.type) {
      case "slabs":
      case "slab":
      case "slabs-done":
      case "slabs-none":
        this.slabs.hear(line);
        break;
      case "tags":
      case "tag":
      case "tags-done":
      case "tags-none":
        this.allocTags.hear(line);
        break;
      case "sym":
        this.symbols.hear(line.text);
        break;
      case "symbols-done":
        this.symbols.readingDone();
        break;
      case "name":
        this.hist.name(line.text);
        break;
      case "row":
        this.hist.row(line.text);
        break;
      case "last":
        this.hist.stopped();
        break;
      case "tick-done":
        this.hist.readingDone(line.text);
        break;
    }
  }

  /** The link was away: a reading that was on its way never ends. */
  restart(): void {
    this.hist.restart();
    this.slabs.restart();
    this.allocTags.restart();
  }
}
