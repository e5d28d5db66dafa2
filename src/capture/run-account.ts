/** The account of one run (one boot, one mode) while it goes on. */
import { composeLives } from "../accounting/compose-lives.ts";
import { composeTasks } from "../accounting/compose-tasks.ts";
import { LifetimeAccount } from "../accounting/lifetimes.ts";
import type { ClockSpan, WorkloadContext } from "../accounting/workload-state.ts";
import { maxObjectsIn } from "../accounting/ledger-options.ts";
import { EventLedger } from "../accounting/ledger.ts";
import { TaskAccount } from "../accounting/task-account.ts";
import { RawDecoder } from "../ftrace/raw/raw-decoder.ts";
import { TextDecoder } from "../ftrace/text-decoder.ts";
import { CallSiteTable } from "../model/call-site-table.ts";
import type { AgentMark, EventBatch, LossMark } from "../model/event-batch.ts";
import type { Inside } from "../model/inside.ts";
import type { Lives } from "../model/lives.ts";
import type { LineClass } from "../model/line-tally.ts";
import type { Decoder, StreamDecoder } from "../model/ports.ts";
import { INSIDE_SCHEMA } from "../model/schema-name.ts";
import type { AccountFilter, Snapshot } from "../model/snapshot.ts";
import type { Tasks } from "../model/tasks.ts";
import { TaskTable } from "../model/task-table.ts";
import type { HistoryPoint } from "../model/wire.ts";
import type { Workload } from "../model/workload.ts";
import type { WrapperList } from "../model/wrapper-list.ts";
import { KernelSymbols } from "../symbols/kernel-symbols.ts";
import { PrintkJoin } from "./join-printk.ts";
import { symbolsFinding } from "./symbols-finding.ts";
import type { TargetState } from "./target-state.ts";
import type { TimeWindow } from "./time-window.ts";
import type { LedgerFeed } from "./ledger-feed.ts";
import { StackCharging, type StackOptions } from "./stack-charging.ts";
import { type PhaseChange, WorkloadAccount } from "./workload-account.ts";

export interface RunOptions {
  readonly filter: AccountFilter;
  /** Of a target that kmemtap armed. */
  readonly target?: TargetState;
  /** The console of the same boot comes first, with its tp_printk lines: {@link RunAccount.readConsole}. */
  readonly console?: boolean;
  /** Accounts by the phases of a workload as well: of the one that the capture is for, or of those that run while it goes on. */
  readonly workload?: "whole" | "passing" | undefined;
  /** Accounts no more than this part of it. */
  readonly window?: TimeWindow | undefined;
  /** What the live objects may take, MiB. */
  readonly memoryMb?: number | undefined;
  /** Functions that allocate for their callers. */
  readonly wrappers?: WrapperList | undefined;
  /** Stacks that the snapshot lists, where there are any. */
  readonly stackRows?: number | undefined;
  /** Keeps who frees what, and for how long it lived. */
  readonly lifetimes?: boolean | undefined;
  /** Keeps which task allocated what. */
  readonly tasks?: boolean | undefined;
  /** Looks at the account on its way. */
  readonly sampler?: LedgerFeed | undefined;
  /** Told of each line of the agent, in the order of the stream; what it says of the workload, if anything. */
  readonly onMark?: (mark: AgentMark) => PhaseChange | undefined;
}

export interface WorkloadResultOptions {
  readonly interrupted: boolean;
  /** Lists the addresses of what was left, as far as there are not too many. */
  readonly addresses: boolean;
  /** Of this part of the trace alone. */
  readonly span?: ClockSpan | undefined;
}

/** Of each call site. */
const MAX_ADDRESSES = 32;

const CONSOLE_JOINED = {
  mode: "printk",
  modeReason: "tp_printk lines of the console, joined with the trace of the same boot",
} as const;

export class RunAccount {
  readonly run: number;
  readonly target: TargetState | undefined;
  readonly workload: WorkloadAccount | undefined;
  readonly wrappers: WrapperList | undefined;
  /** Bytes and trace events (of the account) received. */
  bytes = 0;
  events = 0;
  /** Trace clock of the last event; null before any. */
  lastEventNs: number | null = null;
  readonly #callSites = new CallSiteTable();
  /** Of the first bytes on: until a target is armed, nobody knows in which mode. */
  #decoder: Decoder | undefined;
  /** The same, where it may be cut. */
  #stream: StreamDecoder | undefined;
  #raw: RawDecoder | undefined;
  readonly #symbols = new KernelSymbols();
  readonly #join: PrintkJoin | undefined;
  readonly #stackOptions: StackOptions;
  #stacks: StackCharging | undefined;
  readonly #ledger: EventLedger;
  readonly #lifetimes: LifetimeAccount | undefined;
  readonly #tasks: TaskAccount | undefined;
  readonly #onMark: RunOptions["onMark"];
  readonly #window: TimeWindow | undefined;
  readonly #sampler: LedgerFeed | undefined;
  #losses: LossMark[] = [];
  #taught = false;

  constructor(run: number, options: RunOptions) {
    const { filter, target, console, window, sampler, workload, onMark, memoryMb, wrappers, stackRows } = options;
    const callSites = this.#callSites;
    const maxObjects = maxObjectsIn(memoryMb);
    this.run = run;
    this.target = target;
    this.wrappers = wrappers;
    this.#stackOptions = { filter, maxObjects, wrappers, rows: stackRows };
    if (options.tasks === true) this.#tasks = new TaskAccount(new TaskTable(), callSites, { filter, maxObjects });
    if (options.lifetimes === true) this.#lifetimes = new LifetimeAccount({ filter, maxObjects });
    this.#window = window;
    this.#sampler = sampler;
    this.#onMark = onMark;
    this.#join = console === true ? new PrintkJoin(callSites, this.#tasks?.tasks) : undefined;
    this.#decoder = this.#join;
    if (workload !== undefined) {
      const times = workload === "whole";
      this.workload = new WorkloadAccount(callSites, { filter, maxObjects, wrappers, times });
    }
    this.#ledger = this.workload?.ledger ?? new EventLedger(callSites, { filter, maxObjects, wrappers });
    if (target !== undefined) {
      target.readings.slabs.events = () => this.#ledger.objectsBySize();
      target.readings.allocTags.events = () => this.#ledger.objectsBySize();
    }
  }

  /** Reads the boot's console to its end, before the stream that it is joined with. */
  async readConsole(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#join === undefined) return;
    for await (const chunk of chunks) this.#join.readConsole(chunk);
    this.#join.endConsole();
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#decoder ??= this.#newDecoder();
    const lessons = this.#lessons;
    const wasEmpty = this.lastEventNs === null;
    this.#charge(this.#decoder.push(chunk));
    this.#taught = wasEmpty || this.#lessons !== lessons;
  }

  /** Bytes of the stream are missing behind what was pushed; what they leave torn is counted as `torn`. */
  gap(torn: LineClass): void {
    if (this.#stream !== undefined) this.#charge(this.#stream.cut(torn));
  }

  /** Where the stream is behind what was pushed last, and whether the rest of it cannot be read without that. */
  get position(): { readonly clockNs: number; readonly statsNs: number; readonly needed: boolean } {
    return { clockNs: this.lastEventNs ?? -1, statsNs: this.#raw?.statsNs ?? -1, needed: this.#taught };
  }

  end(): void {
    this.#decoder ??= this.#newDecoder();
    const last = this.#decoder.end();
    this.#account(this.#stacks?.end(last) ?? last);
  }

  /** True while events wait for symbols that the target must be asked for. */
  get wantsSymbols(): boolean {
    return this.#raw?.wantsSymbols === true;
  }

  /** In mode hist: events that the target's kernel has added up, and in how many readings; undefined where they travel. */
  get summed(): { readonly readings: number; readonly events: number } | undefined {
    return this.target?.mode === "hist" ? this.target.readings.hist : undefined;
  }

  get #lessons(): number {
    return (this.#raw?.lessons ?? 0) + (this.target?.readings.symbols.size ?? 0);
  }

  #newDecoder(): Decoder {
    const tasks = this.#tasks?.tasks;
    if (this.target?.mode === "raw") this.#raw = new RawDecoder(this.#callSites, this.#symbols, { tasks });
    this.#stream = this.#raw ?? new TextDecoder(this.#callSites, { tasks });
    const isExpected = this.target?.hasStacks === true;
    this.#stacks = new StackCharging(this.#callSites, { ...this.#stackOptions, isExpected });
    return this.#stream;
  }

  /** The chart's next point; undefined before the first event. */
  point(nowMs: number): HistoryPoint | undefined {
    if (this.target?.mode === "hist") return this.#histPoint(this.target, nowMs);
    if (this.lastEventNs === null) return undefined;
    const { netBytes, netRequestedBytes, liveObjects } = this.#ledger.now;
    return [this.lastEventNs / 1e9, netBytes, netRequestedBytes, liveObjects];
  }

  /** @param damagedInput what ended the stream before its time, or is missing in it; such an account is not exact */
  snapshot(source: Omit<Snapshot["source"], "run">, ...damagedInput: readonly string[]): Snapshot {
    const plain = this.#ledger.snapshot({ source: { ...source, run: this.run }, damagedInput });
    const snapshot = this.#stacks?.complete(plain) ?? plain;
    const disordered = this.#raw === undefined ? {} : { disorderedEvents: this.#raw.disordered };
    if (this.target !== undefined) {
      const finding = symbolsFinding(this.#symbols);
      if (finding !== undefined) this.target.find(finding);
      const complete = this.target.complete(snapshot, this.bytes);
      const callers = this.target.mode === "hist" ? this.#marked(complete.callers) : complete.callers;
      return { ...complete, callers, ...disordered };
    }
    return this.#join === undefined ? snapshot : { ...snapshot, ...CONSOLE_JOINED, printk: this.#join.facts };
  }

  /** Rows that were summed in the target's kernel, which do not come from the ledger. */
  #marked(callers: Snapshot["callers"]): Snapshot["callers"] {
    const { wrappers } = this;
    if (wrappers === undefined) return callers;
    return callers.map((row) => (wrappers.has(row.callSite) ? { ...row, wrapper: true } : row));
  }

  /** The account of the workload up to now. */
  workloadResult({
    addresses,
    ...context
  }: Pick<WorkloadContext, "target" | "scope" | "snapshot"> & WorkloadResultOptions): Workload {
    if (this.workload === undefined) throw new Error("an account with a workload has one");
    return this.workload.result({
      ...context,
      ...(addresses ? { addresses: MAX_ADDRESSES } : {}),
      resolve: (callSite) => this.target?.readings.symbols.resolve(callSite) ?? callSite,
      ...(this.target === undefined ? {} : { doubtful: this.target.doubtfulOf(this.workload.workload) }),
    });
  }

  /** What is known beyond a snapshot. O(live objects). @param stacks how many of them at most */
  inside(stacks: number): Inside {
    const isHist = this.target?.mode === "hist";
    return {
      schema: INSIDE_SCHEMA,
      callers: isHist ? [] : this.#ledger.objectsByCaller(),
      stacks: this.stacks?.rows(stacks) ?? [],
    };
  }

  /** Who frees what, and for how long it lived; undefined where nobody asked, and where no event comes. O(live objects). */
  lives(): Lives | undefined {
    if (this.#lifetimes === undefined || this.target?.mode === "hist") return undefined;
    return composeLives(this.#lifetimes, this.#callSites);
  }

  /** Which task allocated what; undefined where nobody asked, and where no event comes. O(pairs of a task and a call site). */
  tasks(): Tasks | undefined {
    if (this.#tasks === undefined || this.target?.mode === "hist") return undefined;
    return composeTasks(this.#tasks);
  }

  /** What each stack holds; undefined where the trace has none. */
  get stacks(): StackCharging["account"] | undefined {
    return this.#stacks?.any === true ? this.#stacks.account : undefined;
  }

  /** Frees by the call site that freed. */
  freeingCallSites(): ReadonlyMap<string, number> {
    return this.#ledger.freeingCallSites();
  }

  /** As they are now, put together when it is asked for; undefined where no event comes. O(call sites). */
  freesNow(): (() => ReadonlyMap<string, number>) | undefined {
    return this.target?.mode === "hist" ? undefined : this.#ledger.freesNow();
  }

  /** The losses seen since this was asked last. */
  takeLosses(): LossMark[] {
    const losses = this.#losses;
    this.#losses = [];
    return losses;
  }

  /** No event passes the link in mode hist, so the time is that of this side, from the window's beginning on. */
  #histPoint(target: TargetState, nowMs: number): HistoryPoint | undefined {
    if (target.beganMs === undefined || target.readings.hist.readings === 0) return undefined;
    const { netBytes, netRequestedBytes, liveObjects } = target.readings.hist.totals(target.readings.hist.callers());
    return [(nowMs - target.beganMs) / 1000, netBytes, netRequestedBytes, liveObjects];
  }

  /** What a mark says of the target is said of the events before it. */
  #applyByMarks(batch: EventBatch): void {
    let from = 0;
    for (const mark of batch.marks) {
      this.#ledger.applyRange(batch, from, mark.at);
      from = mark.at;
      this.#onMark?.(mark);
    }
    this.#ledger.applyRange(batch, from, batch.length);
    this.#ledger.applyInput(batch);
  }

  #charge(decoded: EventBatch): void {
    this.#account(this.#stacks?.take(decoded) ?? decoded);
  }

  #account(decoded: EventBatch): void {
    const batch = this.#window?.clip(decoded) ?? decoded;
    this.#stacks?.account.apply(batch);
    this.#lifetimes?.apply(batch);
    this.#tasks?.apply(batch);
    if (this.workload !== undefined) this.workload.apply(batch, (mark) => this.#onMark?.(mark));
    else if (this.#sampler === undefined) this.#applyByMarks(batch);
    else {
      this.#sampler.apply(this.#ledger, batch);
      for (const mark of batch.marks) this.#onMark?.(mark);
    }
    this.events += batch.length;
    if (decoded.length > 0) this.lastEventNs = decoded.timeNs[decoded.length - 1];
    this.#losses.push(...batch.losses);
  }
}
