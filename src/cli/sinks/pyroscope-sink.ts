/**
 * Heap profiles, pushed to a Pyroscope server by its `/ingest`: what is held at that moment, and what was allocated since the profile before, since the
 * server adds up what it gets. While it is away profiles are left out, and the next one that arrives is of all the time since the last that did.
 */
import type { LiveUpdate } from "../../capture/live-update.ts";
import { messageOf } from "../../model/errors.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { formatPprof } from "../../report/pprof.ts";
import type { PyroscopeSettings } from "../config-outputs.ts";
import { Pace, secretIn, type Sink } from "./sink.ts";
import { sinceSnapshot } from "./since-snapshot.ts";

const LIMIT_MS = 10_000;

/** How the server adds up the values of profiles (Pyroscope's sample_type_config). */
const SAMPLE_TYPES = {
  inuse_space: { units: "bytes", aggregation: "average" },
  inuse_objects: { units: "objects", aggregation: "average" },
  alloc_space: { units: "bytes" },
  alloc_objects: { units: "objects" },
};

interface Pushed {
  readonly snapshot: Snapshot;
  readonly atMs: number;
}

export class PyroscopeSink implements Sink {
  readonly #settings: PyroscopeSettings;
  readonly #warn: (text: string) => void;
  readonly #pace: Pace;
  readonly #headers: Record<string, string>;
  readonly #pushed = new Map<string, Pushed>();
  /** One for each target at most. */
  readonly #pushing = new Map<string, Promise<void>>();
  #trouble: string | undefined;
  #leftOut = 0;

  constructor(settings: PyroscopeSettings, warn: (text: string) => void) {
    const { everyMs, tenant, tokenFile } = settings;
    this.#settings = settings;
    this.#warn = warn;
    this.#pace = new Pace(everyMs);
    this.#headers = {
      ...(tokenFile !== undefined && { authorization: `Bearer ${secretIn("pyroscope.tokenFile", tokenFile)}` }),
      ...(tenant !== undefined && { "x-scope-orgid": tenant }),
    };
  }

  take(target: string, { began, snapshot }: LiveUpdate): void {
    const atMs = Date.now();
    if (!began) return;
    // What is held at the beginning is what later profiles are set against.
    if (!this.#pushed.has(target)) this.#pushed.set(target, { snapshot, atMs });
    if (!this.#pace.isDue(target, atMs)) return;
    if (this.#pushing.has(target)) this.#leftOut += 1;
    else this.#pushing.set(target, this.#push(target, { snapshot, atMs }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#pushing.values());
  }

  async #push(target: string, now: Pushed): Promise<void> {
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
    }
  }

  async #post(target: string, { snapshot, atMs }: Pushed, before: Pushed | undefined): Promise<void> {
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
    const options = { method: "POST", headers: this.#headers, body: form, signal: AbortSignal.timeout(LIMIT_MS) };
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
