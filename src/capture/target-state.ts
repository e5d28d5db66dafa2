/**
 * What an armed target says of itself, in one run: its ring buffers, its hist maps, what it could not do, gaps of the link.
 * Heard line by line, in the order of the stream or beside it; pure but for the clock that it is given.
 */
import { type AgentLine, countOf, fieldsOf } from "../target/agent/agent-line.ts";
import type { DoubtfulObjects } from "../accounting/workload-state.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import type { AgentFacts } from "../target/agent/agent-facts.ts";
import { findingOf, isLoss } from "../target/agent/findings.ts";
import type { TargetReport } from "../model/ports.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { TargetFacts } from "../model/target-facts.ts";
import type { CpuLoss } from "../model/loss.ts";
import { visibleName } from "../model/printable.ts";
import type { Alert } from "../model/wire.ts";
import { buildIdIn } from "../symbols/elf/build-id.ts";
import { FindingList } from "./finding-list.ts";
import { lostAlert } from "./lost-alert.ts";
import { markDoubtful } from "./mark-doubtful.ts";
import { type HelpWords, overrunHelp } from "./overrun-help.ts";
import { OverrunWatch, type OverrunThresholds } from "./overrun-watch.ts";
import { sampleOf } from "./stats-sample.ts";
import { TargetReadings } from "./target-readings.ts";

/** From this share of its keys on a map is about to be full. */
const FULL_MAP = 0.8;
/** A target whose link breaks for days is shown by so many. */
const MAX_GAPS = 100;
/** Where the target's plan and link are known: its source, or a recording of it. */
export type TargetSource = Pick<AgentSource, "plan" | "link" | "reconnects">;

export class TargetState {
  readonly readings = new TargetReadings();
  readonly watch: OverrunWatch;
  readonly #source: TargetSource;
  readonly #findings = new FindingList();
  readonly #gaps: TargetFacts["gaps"] = [];
  #gapCount = 0;
  #turnedOff = 0;
  readonly #warnedOf = new Set<string>();
  #alerts: Alert[] = [];
  #report: TargetReport | undefined;
  #damagedLines = 0;
  /** The trace clock when the last stats were taken. */
  #nowNs = 0;
  #beganMs: number | undefined;
  /** Events that were left in the ring buffers at the end. */
  #unread = 0;
  #endHeard = false;
  /** The facts outlive their connection: the last update comes when it is gone. */
  #plan: AgentSource["plan"];
  #link: AgentSource["link"];
  readonly #helpWords: HelpWords | undefined;

  constructor(source: TargetSource, thresholds?: OverrunThresholds, helpWords?: HelpWords) {
    this.#source = source;
    this.#helpWords = helpWords;
    this.watch = new OverrunWatch(thresholds);
  }

  /** Of a workload: what hidden frees may explain. @param workload as TargetReadings has it */
  doubtfulOf(workload: string): DoubtfulObjects {
    return this.readings.doubtfulOf(workload, this.#cpuCount);
  }

  /** 1 where the target does not say. */
  get #cpuCount(): number {
    return this.#facts().plan?.facts.cpus ?? 1;
  }

  /** Stacks are armed: the stream has some from its first event on. */
  get hasStacks(): boolean {
    return this.#facts().plan?.options.includes("stacks=1") === true;
  }

  get mode(): TargetFacts["mode"] {
    return this.#facts().plan?.mode ?? "text";
  }

  /** Wall clock when the window began; undefined before. */
  get beganMs(): number | undefined {
    return this.#beganMs;
  }

  /** Losses of which nobody knows how many: gaps of the link, and ring buffers that somebody cleared or turned off. */
  get uncounted(): number {
    return this.#gapCount + this.#turnedOff + this.watch.cleared;
  }

  #hearSession(): void {
    const { plan } = this.#facts();
    this.watch.help = (neededKb) => overrunHelp(plan, this.#helpWords, neededKb);
  }

  hear(line: AgentLine | "damaged", timeNs: number, atMs: number): void {
    if (line === "damaged") {
      this.#damagedLines += 1;
      this.readings.hist.damaged();
      return;
    }
    this.readings.hear(line);
    switch (line.type) {
      case "session":
        this.#hearSession();
        break;
      case "begin":
        this.#beganMs ??= atMs;
        break;
      case "stats":
        this.#hearStats(line.text, atMs);
        break;
      case "end":
        this.#hearEnd(timeNs, atMs);
        break;
      case "finding":
        this.find(findingOf(line.text));
        if (isLoss(line.text)) this.#hearTurnedOff(findingOf(line.text), timeNs, atMs);
        break;
      case "grown":
        this.#tell(
          "info",
          `ring buffers enlarged to ${countOf(fieldsOf(line.text).get("kb"))?.toLocaleString("en") ?? "?"} KB a CPU`,
          "",
          timeNs,
          atMs,
        );
        break;
      case "grow-refused":
        this.#tell(
          "warning",
          "the ring buffers cannot grow any further: the target's memory",
          "a faster link, or --mode hist",
          timeNs,
          atMs,
        );
        break;
      case "gap":
        // Of this side alone: a target cannot say that it was away.
        if (line.writer === "k") this.#hearGap(line.text, timeNs, atMs);
        break;
      case "map":
        this.#hearMap(line.text, timeNs, atMs);
        break;
    }
  }

  /** Adds what else was found out of it, a line for people. */
  find(finding: string): void {
    this.#findings.add(finding);
  }

  /** Alerts since this was asked last. */
  takeAlerts(): Alert[] {
    return this.#alerts.splice(0);
  }

  /** What the ring buffers hold and have lost, since this was asked last; undefined where nothing new came. */
  takeReport(): TargetReport | undefined {
    const report = this.#report;
    this.#report = undefined;
    return report;
  }

  /** Adds what the target knows to the snapshot of what arrived; whatever it lost makes it inexact. */
  complete(snapshot: Snapshot, bytesReceived: number): Snapshot {
    const { plan, link } = this.#facts();
    const { loss } = snapshot;
    const perCpu = this.#losses(loss.perCpu);
    const sum = safe(perCpu.reduce((total, { lostEvents }) => total + lostEvents, 0));
    const histDropped = loss.histDropped + this.readings.hist.dropped;
    const lostEvents = safe(Math.max(loss.lostEvents, sum) + this.#unread);
    const lostUncounted = loss.lostUncounted + this.uncounted;
    const unsure = this.mode === "hist" && this.readings.hist.unsure;
    const damagedInput = unsure
      ? [...loss.damagedInput, "the last reading of the sums was damaged on the way"]
      : loss.damagedInput;
    const exact = snapshot.exact && lostEvents === 0 && lostUncounted === 0 && histDropped === 0 && !unsure;
    const buildId = plan === undefined ? undefined : buildIdOf(plan.facts);
    const completed: Snapshot = {
      ...snapshot,
      exact,
      loss: { ...loss, lostEvents, lostUncounted, histDropped, damagedInput, perCpu },
      cpus: this.watch.cpus,
      histMaps: this.readings.hist.maps,
      gaps: [...this.#gaps],
      findings: this.#allFindings(),
      ...(plan === undefined
        ? {}
        : {
            mode: plan.mode,
            modeReason: plan.reason,
            release: visibleName(plan.facts.release),
            bootId: plan.facts.bootId,
            ...(buildId !== undefined && { buildId }),
          }),
      ...(link === undefined
        ? {}
        : {
            link: {
              kind: link.kind,
              label: link.label,
              bytesPerSecond: plan?.bytesPerSecond ?? null,
              bytesReceived,
              reconnects: this.#source.reconnects,
            },
          }),
    };
    if (this.mode !== "hist") {
      const { counts } = this.readings.allocTags;
      const counted = counts === undefined ? completed : { ...completed, functionCounts: counts };
      return markDoubtful(counted, this.readings.reconciled(this.#cpuCount));
    }
    const callers = this.readings.hist.callers();
    return { ...completed, callers, totals: this.readings.hist.totals(callers) };
  }

  #allFindings(): string[] {
    const all = [...this.#findings.lines, ...this.readings.findings];
    if (this.#damagedLines > 0)
      all.push(`${this.#damagedLines} of the agent's own lines arrived damaged and were not read`);
    return all;
  }

  #facts(): { plan: AgentSource["plan"]; link: AgentSource["link"] } {
    this.#plan ??= this.#source.plan;
    this.#link ??= this.#source.link;
    return { plan: this.#plan, link: this.#link };
  }

  /** The kernel's own counts are the truth; `LOST` markers say the same, as far as they have arrived. */
  #losses(arrived: readonly CpuLoss[]): CpuLoss[] {
    const rows = new Map(arrived.map((row) => [row.cpu, { ...row }]));
    for (const { cpu } of this.watch.cpus) {
      const lost = this.watch.lostBy(cpu);
      const row = rows.get(cpu) ?? { cpu, events: 0, lostEvents: 0, lostUncounted: 0, lastLossNs: null };
      if (lost > row.lostEvents) rows.set(cpu, { ...row, lostEvents: lost, lastLossNs: row.lastLossNs ?? this.#nowNs });
      else rows.set(cpu, row);
    }
    return [...rows.values()].sort((a, b) => a.cpu - b.cpu);
  }

  #hearStats(text: string, atMs: number): void {
    const sample = sampleOf(text);
    if (sample === undefined) return;
    this.#nowNs = Math.max(this.#nowNs, sample.nowNs);
    // The mark of the beginning may have been overwritten; nothing is in the ring buffers before it.
    if (sample.entries + sample.overrun + sample.readEvents > 0) this.#beganMs ??= atMs;
    this.#alerts.push(...this.watch.hear(sample, atMs));
    const overrun = safe(this.watch.cpus.reduce((sum, { cpu }) => sum + this.watch.lostBy(cpu), 0));
    this.#report = { nowNs: this.#nowNs, waitingEvents: this.watch.waiting, overrun };
  }

  /** The reader has ended: what is in the ring buffers now nobody will read. */
  #hearEnd(timeNs: number, atMs: number): void {
    const unread = this.watch.waiting;
    if (unread === 0 || this.#endHeard) return;
    this.#endHeard = true;
    this.#unread = safe(this.#unread + unread);
    this.#alerts.push({
      ...lostAlert(null, unread, timeNs, atMs),
      text: `${unread.toLocaleString("en")} events were in the ring buffers when the capture was cut short`,
      help: "let it read to the end",
    });
  }

  #hearGap(text: string, timeNs: number, atMs: number): void {
    const match = /^from=(\d{1,15}) to=(\d{1,15}) (.*)$/.exec(text);
    if (match === null) return;
    const [fromMs, toMs] = [Number(match[1]), Number(match[2])];
    this.#gapCount += 1;
    this.#gaps.push({ fromMs, toMs, reason: match[3] });
    if (this.#gaps.length > MAX_GAPS) this.#gaps.shift();
    this.watch.restart();
    this.readings.restart();
    this.#endHeard = false;
    const what =
      fromMs === toMs ? "the recording has a gap" : `the link was down for ${((toMs - fromMs) / 1000).toFixed(1)} s`;
    const alert = lostAlert(null, null, timeNs, atMs);
    this.#alerts.push({
      ...alert,
      text: `${what} (${match[3]}): what happened meanwhile was not recorded`,
      help: "",
    });
  }

  #hearTurnedOff(text: string, timeNs: number, atMs: number): void {
    this.#turnedOff += 1;
    this.#alerts.push({
      ...lostAlert(null, null, timeNs, atMs),
      text,
      help: "capture again, and leave its instance alone",
    });
  }

  #hearMap(text: string, timeNs: number, atMs: number): void {
    const before = this.readings.hist.dropped;
    this.readings.hist.map(fieldsOf(text));
    const dropped = this.readings.hist.dropped - before;
    if (dropped <= 0) {
      this.#warnOfFullMaps(timeNs, atMs);
      return;
    }
    const alert = lostAlert(null, dropped, timeNs, atMs);
    this.#alerts.push({
      ...alert,
      text: `a hist map of the target is full: ${dropped.toLocaleString("en")} events found no room (${fieldsOf(text).get("name") ?? "?"})`,
      help: "a shorter window, or larger maps (--hist-keys)",
    });
  }

  /** Once a map: it never gets emptier, and refuses new keys when it is full. */
  #warnOfFullMaps(timeNs: number, atMs: number): void {
    for (const { map, entries, size } of this.readings.hist.maps) {
      if (entries < size * FULL_MAP || this.#warnedOf.has(map)) continue;
      this.#warnedOf.add(map);
      const percent = Math.round((entries / size) * 100);
      const text = `the hist map of ${map} is ${percent} % full; what finds no room is under-counted as freed`;
      this.#tell("warning", text, "a shorter window, or larger maps (--hist-keys)", timeNs, atMs);
    }
  }

  #tell(level: Alert["level"], text: string, help: string, timeNs: number, atMs: number): void {
    this.#alerts.push({ level, atMs, timeNs, cpu: null, events: null, text, help });
  }
}

function safe(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}

function buildIdOf({ notes }: AgentFacts): string | undefined {
  if (notes === undefined) return undefined;
  const bytes = Buffer.from(notes, "hex");
  return buildIdIn(bytes, true) ?? buildIdIn(bytes, false);
}
