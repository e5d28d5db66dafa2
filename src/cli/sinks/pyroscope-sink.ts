/**
 * Heap profiles, pushed to a Pyroscope server by its `/ingest`: what is held at that moment, and what was allocated since the profile before, since the
 * server adds up what it gets. While it is away profiles are left out, and the next one that arrives is of all the time since the last that did.
 */
import type { LiveUpdate } from "../../capture/live-update.ts";
import { messageOf } from "../../model/errors.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { formatPprof } from "../../report/pprof.ts";
import type { PyroscopeSettings } from "../config-outputs.ts";
import { secretIn, type Sink } from "./sink.ts";
import { type SinkMoment, SinkMoments } from "./sink-moments.ts";
import { sinceSnapshot } from "./since-snapshot.ts";

const LIMIT_MS = 10_000;
const CLOSE_MS = 5000;
/** Of a target that begins anew faster than the server answers. */
const MOST_WAITING = 4;

/** How the server adds up the values of profiles (Pyroscope's sample_type_config). */
const SAMPLE_TYPES = {
  inuse_space: { units: "bytes", aggregation: "average" },
  inuse_objects: { units: "objects", aggregation: "average" },
  alloc_space: { units: "bytes" },
  alloc_objects: { units: "objects" },
};

interface Pushed {
  /** Absent before the first profile: that one is of all that was allocated. */
  readonly snapshot?: Snapshot;
  readonly atMs: number;
}

export class PyroscopeSink implements Sink {
  readonly #settings: PyroscopeSettings;
  readonly #warn: (text: string) => void;
  readonly #closeMs: number;
  readonly #moments: SinkMoments;
  readonly #headers: Record<string, string>;
  readonly #pushed = new Map<string, Pushed>();
  /** One for each target at most. */
  readonly #pushing = new Map<string, Promise<void>>();
  /** What comes behind that: the last of a run, for which no later one makes up. */
  readonly #waiting = new Map<string, SinkMoment[]>();
  readonly #closing = new AbortController();
  #trouble: string | undefined;
  #leftOut = 0;

  /** @param closeMs what the last profiles may take in the end */
  constructor(settings: PyroscopeSettings, warn: (text: string) => void, closeMs = CLOSE_MS) {
    const { everyMs, tenant, tokenFile } = settings;
    this.#settings = settings;
    this.#warn = warn;
    this.#closeMs = closeMs;
    this.#moments = new SinkMoments(everyMs);
    this.#headers = {
      ...(tokenFile !== undefined && { authorization: `Bearer ${secretIn("pyroscope.tokenFile", tokenFile)}` }),
      ...(tenant !== undefined && { "x-scope-orgid": tenant }),
    };
  }

  take(target: string, update: LiveUpdate): void {
    const atMs = Date.now();
    const moments = this.#moments.take(target, update, atMs);
    if (!this.#pushed.has(target)) this.#pushed.set(target, { atMs });
    for (const moment of moments) this.#offer(target, moment);
  }

  /** What the server does not take in time is given up, and said. */
  async close(): Promise<void> {
    for (const [target, moment] of this.#moments.rest()) this.#offer(target, moment);
    const timer = setTimeout(() => this.#closing.abort(new Error("it did not answer in time")), this.#closeMs);
    while (this.#pushing.size > 0) await Promise.all(this.#pushing.values());
    clearTimeout(timer);
  }

  #offer(target: string, moment: SinkMoment): void {
    const waiting = this.#waiting.get(target) ?? [];
    if (!this.#pushing.has(target)) this.#pushing.set(target, this.#push(target, moment));
    else if (moment.isLast && waiting.length < MOST_WAITING) this.#waiting.set(target, [...waiting, moment]);
    else this.#leftOut += 1;
  }

  async #push(target: string, now: SinkMoment): Promise<void> {
    const before = this.#pushed.get(target);
    try {
      await this.#post(target, now, before);
      this.#pushed.set(target, now);
      if (this.#trouble !== undefined)
        this.#warn(`Pyroscope takes profiles again; ${String(this.#leftOut)} were left out`);
      this.#trouble = undefined;
      this.#leftOut = 0;
    } catch (thrown) {
      this.#leftOut += 1;
      const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
      if (this.#trouble === undefined)
        this.#warn(`Pyroscope took no profile: ${messageOf(cause)}; the capture goes on`);
      this.#trouble = messageOf(cause);
    } finally {
      this.#pushing.delete(target);
      const next = this.#waiting.get(target)?.shift();
      if (next !== undefined) this.#offer(target, next);
    }
  }

  async #post(target: string, { snapshot, atMs }: SinkMoment, before: Pushed | undefined): Promise<void> {
    const url = new URL(this.#settings.url);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/ingest`;
    url.searchParams.set("name", this.#name(target));
    url.searchParams.set("from", String(Math.floor((before?.atMs ?? atMs) / 1000)));
    url.searchParams.set("until", String(Math.ceil(atMs / 1000)));
    // No format: the server tells a form by its content type, and takes the whole body for the profile where format=pprof says so.
    url.searchParams.set("spyName", "kmemtap");
    const form = new FormData();
    form.set("profile", new Blob([formatPprof(sinceSnapshot(snapshot, before?.snapshot), { atMs })]), "profile.pprof");
    form.set("sample_type_config", new Blob([JSON.stringify(SAMPLE_TYPES)]), "sample_type_config.json");
    const signal = AbortSignal.any([AbortSignal.timeout(LIMIT_MS), this.#closing.signal]);
    const options = { method: "POST", headers: this.#headers, body: form, signal };
    const response = await fetch(url, options);
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${String(response.status)}`);
  }

  /** `kmemtap{target=board,site=lab}`: what would end a label is left out of its value. */
  #name(target: string): string {
    const labels = Object.entries({ ...this.#settings.labels, target });
    const text = labels.map(([key, value]) => `${key}=${value.replaceAll(/[^\w.:/ -]/g, "_")}`).join(",");
    return `${this.#settings.application}{${text}}`;
  }
}
