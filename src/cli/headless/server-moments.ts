/** The accounts of a kmemtap that runs already, by its HTTP API. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ReadingRate } from "../../capture/rate-meter.ts";
import { ExitCode, KmemtapError, messageOf, systemCodeOf } from "../../model/errors.ts";
import { targetsAnswerSchema } from "../../model/api.ts";
import { type Lives, livesSchema } from "../../model/lives.ts";
import { type Snapshot, snapshotSchema } from "../../model/snapshot.ts";
import { type Tasks, tasksSchema } from "../../model/tasks.ts";
import type { TargetSummary } from "../../model/wire.ts";
import { durationOf, usage } from "../arm-options.ts";
import { say } from "../say.ts";
import { clearStatus, showStatus, spanOf } from "../status-line.ts";
import { untilStopped } from "../until-stopped.ts";
import { eventsIn, type Moment } from "./moment.ts";

export interface ServerOptions {
  /** A file with the server's token on its first line. */
  readonly tokenFile?: string;
  readonly for?: string;
}

/** What a moment may have beside its snapshot. */
interface ServerExtras {
  /** Tasks and lifetimes. */
  readonly besides?: boolean;
  /** Who freed. */
  readonly freeing?: boolean;
}

const ANSWER_MS = 10_000;

/**
 * One snapshot of the target that the URL names, or of the only one.
 *
 * @throws {KmemtapError} `input/empty` where nothing has come from the target: zeros would look like an account
 */
export async function snapshotOfServer(url: string, options: ServerOptions): Promise<Snapshot> {
  const server = new Server(url, options);
  return server.snapshot(await server.target());
}

/**
 * Asks for snapshots until the time is up or the operator ends it. A server that goes away is asked on, as is
 * one whose target has delivered nothing yet: it may be tried again.
 *
 * @param extras what to ask for beside the snapshot
 * @returns the last snapshot
 * @throws {KmemtapError} `link/refused` and `link/unreachable` where there was none at all, `input/empty` where the target never delivered
 */
export async function pollServer(
  url: string,
  options: ServerOptions,
  pollMs: number,
  take: (moment: Moment) => void,
  { besides = false, freeing = false }: ServerExtras = {},
): Promise<Snapshot> {
  const server = new Server(url, options);
  const forMs = options.for === undefined ? Infinity : durationOf("--for", options.for);
  const stopped = untilStopped();
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  const target = await server.target();
  const beganMs = Date.now();
  let last: Moment | undefined;
  let trouble: string | undefined;
  let empty: KmemtapError | undefined;
  const sums = new ReadingRate();
  while (!stop.signal.aborted) {
    try {
      const { freeing: frees, ...snapshot } = await server.snapshot(target, freeing);
      const tasks = besides ? await server.tasks(target) : undefined;
      const lives = besides ? await server.lives(target) : undefined;
      last = {
        ...momentAfter(last, snapshot, sums),
        tasks: () => tasks,
        lives: () => lives,
        freeingCallSites: frees && (() => new Map(frees.map(({ callSite, frees: count }) => [callSite, count]))),
      };
      trouble = undefined;
      take(last);
    } catch (thrown) {
      if (isEmpty(thrown)) empty = thrown;
      if (last === undefined && empty === undefined) throw thrown;
      if (trouble === undefined) say(`${messageOf(thrown)}; it is asked on`);
      trouble = messageOf(thrown);
    }
    const leftMs = forMs - (Date.now() - beganMs);
    if (leftMs <= 0) break;
    showStatus(() => `${target}: ${Number.isFinite(leftMs) ? `${spanOf(leftMs)} left` : "Ctrl-C ends it"}`);
    await Promise.race([stopped, sleep(Math.min(pollMs, leftMs), undefined, { ref: true })]);
  }
  clearStatus();
  if (last === undefined) throw empty ?? new KmemtapError("link/lost", `${url}: stopped before there was a snapshot`);
  return last.snapshot;
}

/** The rate, and whether events were lost, by what two snapshots of one run differ in; the rate of `sums` by those of the last seconds. */
function momentAfter(before: Moment | undefined, snapshot: Snapshot, sums: ReadingRate): Moment {
  const atMs = Date.now();
  const same = before?.snapshot.source.run === snapshot.source.run ? before : undefined;
  const seconds = same === undefined ? 0 : (atMs - same.atMs) / 1000;
  const lost = ({ loss }: Snapshot) => loss.lostEvents + loss.lostUncounted;
  const events = same === undefined ? 0 : eventsIn(snapshot) - eventsIn(same.snapshot);
  const isLosing = lost(snapshot) > (same === undefined ? 0 : lost(same.snapshot));
  if (same === undefined) sums.reset();
  const between = seconds > 0 ? Math.max(0, events) / seconds : 0;
  const eventsPerSecond = snapshot.mode === "hist" ? sums.sample(atMs, atMs, eventsIn(snapshot)) : between;
  return { atMs, snapshot, eventsPerSecond, isLosing };
}

function isEmpty(thrown: unknown): thrown is KmemtapError {
  return thrown instanceof KmemtapError && thrown.code === "input/empty";
}

class Server {
  readonly #origin: string;
  readonly #named: string;
  readonly #headers: Record<string, string>;

  constructor(text: string, { tokenFile }: ServerOptions) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.username !== "" || url.search !== "" || !/^\/[\w.-]*$/.test(url.pathname))
      throw usage(
        `${text} is not the address of a kmemtap`,
        "use http://127.0.0.1:8642, or with a target: …:8642/board",
      );
    const isHere = /^(localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
    if (tokenFile !== undefined && url.protocol === "http:" && !isHere)
      throw usage(`${text}: a token would cross the network for all to read`, "use https:, or a tunnel: ssh -L");
    this.#origin = url.origin;
    this.#named = url.pathname.slice(1);
    this.#headers = tokenFile === undefined ? {} : { authorization: `Bearer ${tokenOf(tokenFile)}` };
  }

  /** The id of the target: what the URL names, or the only one. */
  async target(): Promise<string> {
    const ids = (await this.#targets()).map(({ id }) => id);
    if (this.#named === "" && ids.length === 1) return ids[0];
    if (ids.includes(this.#named)) return this.#named;
    throw usage(
      this.#named === ""
        ? `${this.#origin} has ${String(ids.length)} targets`
        : `${this.#origin} has no ${this.#named}`,
      ids.length === 0 ? "there is none yet" : `name one: ${ids.map((id) => `${this.#origin}/${id}`).join(", ")}`,
    );
  }

  async #targets(): Promise<readonly TargetSummary[]> {
    const found = targetsAnswerSchema.safeParse(await this.#get("/api/targets"));
    if (found.success) return found.data.targets;
    throw this.#foreign("a list of targets");
  }

  /** What another machine sends is not trusted to be a snapshot. */
  async snapshot(target: string, freeing = false): Promise<Snapshot> {
    const query = freeing ? "?freeing=true" : "";
    const found = snapshotSchema.safeParse(await this.#get(`/api/targets/${target}/snapshot.json${query}`));
    if (!found.success) throw this.#foreign("a snapshot");
    const { input, totals } = found.data;
    if (input.events.lines === 0 && totals.allocs === 0) await this.#refuseEmpty(target);
    return found.data;
  }

  /** A target that is armed may have no events; one that never was, or of which nothing comes, has no account. */
  async #refuseEmpty(target: string): Promise<void> {
    const summary = (await this.#targets()).find(({ id }) => id === target);
    if (summary === undefined || (summary.state === "running" && summary.link !== "waiting")) return;
    throw new KmemtapError("input/empty", `${target}: nothing arrived (${summary.detail || summary.state})`, {
      nextStep: "check the target; the log of the kmemtap there says what it does about it",
    });
  }

  /** Which task allocated what, where it keeps that. */
  async tasks(target: string): Promise<Tasks | undefined> {
    return tasksSchema.safeParse(await this.#get(`/api/targets/${target}/tasks.json?callers=none`)).data;
  }

  async lives(target: string): Promise<Lives | undefined> {
    return livesSchema.safeParse(await this.#get(`/api/targets/${target}/lives.json`)).data;
  }

  #foreign(wanted: string): KmemtapError {
    return new KmemtapError("link/refused", `${this.#origin} answered with something else than ${wanted}`, {
      nextStep: "check that it is a kmemtap of this version",
    });
  }

  #nextStepAfter(status: number): string {
    if (status === 401)
      return "authorization" in this.#headers
        ? "its tokens are others: check what --token-file names"
        : "give its token: --token-file FILE";
    if (status === 403) return "its configuration says who may ask, and by which name (access: docs/access.md)";
    if (status >= 500) return "the log of the kmemtap there says what failed";
    return "check the address and the target's name";
  }

  async #get(path: string): Promise<unknown> {
    const url = this.#origin + path;
    try {
      const response = await fetch(url, { headers: this.#headers, signal: AbortSignal.timeout(ANSWER_MS) });
      if (response.ok) return await jsonOf(response);
      const text = (await response.text()).slice(0, 200);
      throw new KmemtapError("link/refused", `${url} answered ${String(response.status)}: ${text}`, {
        nextStep: this.#nextStepAfter(response.status),
      });
    } catch (thrown) {
      if (thrown instanceof KmemtapError) throw thrown;
      const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
      // So says fetch, without asking: https://fetch.spec.whatwg.org/#port-blocking
      if (messageOf(cause) === "bad port")
        throw usage(
          `${this.#origin}: its port is kept for another service, and web clients, this one and browsers, never ask it`,
          "have kmemtap serve on another port, such as --serve 127.0.0.1:8642",
        );
      const isPlain = systemCodeOf(cause) === "ERR_SSL_WRONG_VERSION_NUMBER";
      const what = isPlain ? "it does not answer in TLS" : messageOf(cause);
      throw new KmemtapError("link/unreachable", `${url}: ${what}`, {
        nextStep: isPlain
          ? `it may speak plain HTTP: ${this.#origin.replace("https:", "http:")}`
          : "check that kmemtap live or kmemtap daemon runs there",
        cause: thrown,
      });
    }
  }
}

/** Null, which is no answer of a kmemtap, where it is not JSON. */
async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function tokenOf(path: string): string {
  try {
    return readFileSync(path, "utf8").split("\n", 1)[0].trim();
  } catch (cause) {
    throw new KmemtapError("config/invalid", `--token-file: ${messageOf(cause)}`, {
      nextStep: "give a file that this user can read, with the token on its first line",
      exitCode: ExitCode.wrongUse,
      cause,
    });
  }
}
