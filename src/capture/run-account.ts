/** The account of one run (one boot, one mode) while it goes on. */
import { EventLedger } from "../accounting/ledger.ts";
import { RawDecoder } from "../ftrace/raw/raw-decoder.ts";
import { TextDecoder } from "../ftrace/text-decoder.ts";
import { CallSiteTable } from "../model/call-site-table.ts";
import type { AgentMark, EventBatch, LossMark } from "../model/event-batch.ts";
import type { Decoder } from "../model/ports.ts";
import type { AccountFilter, Snapshot } from "../model/snapshot.ts";
import type { HistoryPoint } from "../model/wire.ts";
import { KernelSymbols } from "../symbols/kernel-symbols.ts";
import { PrintkJoin } from "./join-printk.ts";
import type { TargetState } from "./target-state.ts";
import { type PhaseChange, WorkloadAccount } from "./workload-account.ts";

export interface RunOptions {
  readonly filter: AccountFilter;
  /** Of a target that kmemtap armed. */
  readonly target?: TargetState;
  /** The console of the same boot comes first, with its tp_printk lines: {@link RunAccount.readConsole}. */
  readonly console?: boolean;
  /** Accounts by the phases of a workload as well. */
  readonly workload?: boolean;
  /** Told of each line of the agent, in the order of the stream; what it says of the workload, if anything. */
  readonly onMark?: (mark: AgentMark) => PhaseChange | undefined;
}

const CONSOLE_JOINED = {
  mode: "printk",
  modeReason: "tp_printk lines of the console, joined with the trace of the same boot",
} as const;

export class RunAccount {
  readonly run: number;
  readonly target: TargetState | undefined;
  readonly workload: WorkloadAccount | undefined;
  /** Bytes and trace events (of the account) received. */
  bytes = 0;
  events = 0;
  /** Trace clock of the last event; null before any. */
  lastEventNs: number | null = null;
  readonly #callSites = new CallSiteTable();
  /** Of the first bytes on: until a target is armed, nobody knows in which mode. */
  #decoder: Decoder | undefined;
  #raw: RawDecoder | undefined;
  readonly #join: PrintkJoin | undefined;
  readonly #ledger: EventLedger;
  readonly #onMark: RunOptions["onMark"];
  #losses: LossMark[] = [];

  constructor(run: number, { filter, target, console, workload, onMark }: RunOptions) {
    const callSites = this.#callSites;
    this.run = run;
    this.target = target;
    this.#onMark = onMark;
    this.#join = console === true ? new PrintkJoin(callSites) : undefined;
    this.#decoder = this.#join;
    this.workload = workload === true ? new WorkloadAccount(callSites, { filter }) : undefined;
    this.#ledger = this.workload?.ledger ?? new EventLedger(callSites, { filter });
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
    this.#account(this.#decoder.push(chunk));
  }

  end(): void {
    this.#decoder ??= this.#newDecoder();
    this.#account(this.#decoder.end());
  }

  /** True while events wait for symbols that the target must be asked for. */
  get wantsSymbols(): boolean {
    return this.#raw?.wantsSymbols === true;
  }

  #newDecoder(): Decoder {
    if (this.target?.mode !== "raw") return new TextDecoder(this.#callSites);
    this.#raw = new RawDecoder(this.#callSites, new KernelSymbols());
    return this.#raw;
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
    const snapshot = this.#ledger.snapshot({ source: { ...source, run: this.run }, damagedInput });
    if (this.target !== undefined) return this.target.complete(snapshot, this.bytes);
    return this.#join === undefined ? snapshot : { ...snapshot, ...CONSOLE_JOINED, printk: this.#join.facts };
  }

  /** Frees by the call site that freed. */
  freeingCallSites(): ReadonlyMap<string, number> {
    return this.#ledger.freeingCallSites();
  }

  /** The losses seen since this was asked last. */
  takeLosses(): LossMark[] {
    const losses = this.#losses;
    this.#losses = [];
    return losses;
  }

  /** No event passes the link in mode hist, so the time is that of this side, from the window's beginning on. */
  #histPoint(target: TargetState, nowMs: number): HistoryPoint | undefined {
    if (target.beganMs === undefined || target.hist.readings === 0) return undefined;
    const { netBytes, netRequestedBytes, liveObjects } = target.hist.totals(target.hist.callers());
    return [(nowMs - target.beganMs) / 1000, netBytes, netRequestedBytes, liveObjects];
  }

  #account(batch: EventBatch): void {
    if (this.workload !== undefined) this.workload.apply(batch, (mark) => this.#onMark?.(mark));
    else {
      this.#ledger.apply(batch);
      for (const mark of batch.marks) this.#onMark?.(mark);
    }
    this.events += batch.length;
    if (batch.length > 0) this.lastEventNs = batch.timeNs[batch.length - 1];
    this.#losses.push(...batch.losses);
  }
}
