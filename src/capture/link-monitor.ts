/** The state of the link: is anything coming, how fast, and how far behind the target is it. */
import type { TargetReport } from "../model/ports.ts";
import type { Lag, LinkState } from "../model/wire.ts";
import { type Rate, RateMeter, ReadingRate } from "./rate-meter.ts";
import type { RunAccount } from "./run-account.ts";

type Status = LinkState["status"];

export class LinkMonitor {
  readonly #silentAfterMs: number;
  readonly #meter = new RateMeter();
  readonly #sums = new ReadingRate();
  #status: Status = "waiting";
  #sinceMs: number;
  #lastBytesMs: number;
  #lastBytes = 0;
  #failure = "";
  #report: TargetReport = {};
  #reportMs = 0;
  #milestone: string | null = null;

  constructor(nowMs: number, silentAfterMs: number) {
    this.#sinceMs = this.#lastBytesMs = nowMs;
    this.#silentAfterMs = silentAfterMs;
  }

  /** A new run begins with nothing received. */
  restart(nowMs: number): void {
    this.#lastBytes = 0;
    this.#lastBytesMs = nowMs;
    this.#report = {};
    this.#meter.reset();
    this.#sums.reset();
    this.#become("waiting", nowMs);
  }

  /** What the target says of itself; fields that it leaves out keep what they were. */
  hear(report: TargetReport, nowMs: number): void {
    this.#report = { ...this.#report, ...report };
    if (report.nowNs !== undefined) this.#reportMs = nowMs;
    this.#milestone = report.milestone ?? this.#milestone;
  }

  end(nowMs: number, failure?: string): void {
    this.#failure = failure ?? "";
    this.#become(failure === undefined ? "ended" : "failed", nowMs);
  }

  /** The state now; to be asked at a steady pace, since it measures rates and notices silence. */
  state(account: RunAccount, nowMs: number): Omit<LinkState, "idleSeconds"> {
    const rate = this.#meter.sample(nowMs, account.bytes, account.events);
    if (account.bytes > this.#lastBytes) {
      this.#lastBytes = account.bytes;
      this.#lastBytesMs = nowMs;
      if (this.#isOpen()) this.#become("streaming", nowMs);
    } else if (this.#status === "streaming" && nowMs - this.#lastBytesMs >= this.#silentAfterMs) {
      this.#become("silent", this.#lastBytesMs);
    }
    return {
      status: this.#status,
      sinceMs: this.#sinceMs,
      detail: this.#detail(nowMs),
      nowMs,
      bytesPerSecond: rate.bytesPerSecond,
      eventsPerSecond: this.#eventsPerSecond(account, rate, nowMs),
      lag: this.#lag(account, rate, nowMs),
      milestone: this.#milestone,
    };
  }

  /** Where the target's kernel adds them up none travels: the sums tell. */
  #eventsPerSecond({ summed }: RunAccount, { eventsPerSecond }: Rate, nowMs: number): number {
    if (summed === undefined) return eventsPerSecond;
    const rate = this.#sums.sample(nowMs, summed.readings, summed.events);
    return this.#status === "streaming" ? rate : 0;
  }

  #isOpen(): boolean {
    return this.#status !== "ended" && this.#status !== "failed";
  }

  #become(status: Status, nowMs: number): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#sinceMs = nowMs;
  }

  #detail(nowMs: number): string {
    switch (this.#status) {
      case "waiting":
        return "nothing has arrived yet";
      case "streaming":
        return "events are arriving";
      case "silent": {
        const seconds = Math.round((nowMs - this.#lastBytesMs) / 1000);
        return `nothing for ${seconds} s: idle, stopped, or nobody reads trace_pipe there`;
      }
      case "ended":
        return "the stream is over; this is its last state";
      case "failed":
        return this.#failure;
    }
  }

  #lag(account: RunAccount, rate: Rate, nowMs: number): Lag | null {
    const { nowNs, waitingEvents, overrun } = this.#report;
    if (nowNs === undefined || waitingEvents === undefined || !this.#isOpen()) return null;
    const targetNowNs = nowNs + (nowMs - this.#reportMs) * 1e6;
    // With nothing waiting, an old last event says that the target is idle, not that the link is behind.
    const behindNs = waitingEvents === 0 ? 0 : Math.max(0, targetNowNs - (account.lastEventNs ?? 0));
    const canCatchUp = rate.eventsPerSecond > 0;
    return {
      behindSeconds: behindNs / 1e9,
      waitingEvents,
      etaSeconds: waitingEvents === 0 ? 0 : canCatchUp ? waitingEvents / rate.eventsPerSecond : null,
      overrun: overrun ?? 0,
    };
  }
}
