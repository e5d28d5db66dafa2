/** A kmemtap that runs, asked by its HTTP API; what it answers is checked. */
import { readFileSync } from "node:fs";
import { refusedAnswerSchema, targetsAnswerSchema, type Window, windowSchema } from "../../model/api.ts";
import { ExitCode, KmemtapError, messageOf, systemCodeOf } from "../../model/errors.ts";
import { type Lives, livesSchema } from "../../model/lives.ts";
import { printable } from "../../model/printable.ts";
import { type Snapshot, snapshotSchema } from "../../model/snapshot.ts";
import { type Tasks, tasksSchema } from "../../model/tasks.ts";
import type { TargetSummary } from "../../model/wire.ts";
import { usage } from "../arm-options.ts";

const ANSWER_MS = 10_000;
/** Of a refusal so many letters are read, and fewer shown of one that is none of ours. */
const MOST_OF_REFUSAL = 2000;
/** Status of what is asked of a target of which nothing has come. */
const NO_ACCOUNT_YET = 503;

export class Server {
  readonly #origin: string;
  readonly #named: string;
  readonly #headers: Record<string, string>;

  constructor(text: string, { tokenFile }: { readonly tokenFile?: string }) {
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
    throw empty(`${target}: nothing arrived (${summary.detail || summary.state})`);
  }

  /** Which task allocated what, where it keeps that. */
  async tasks(target: string): Promise<Tasks | undefined> {
    return tasksSchema.safeParse(await this.#get(`/api/targets/${target}/tasks.json?callers=none`)).data;
  }

  async lives(target: string): Promise<Lives | undefined> {
    return livesSchema.safeParse(await this.#get(`/api/targets/${target}/lives.json`)).data;
  }

  /** What a window of it says: kmemtap.window/1. */
  async window(target: string, query: URLSearchParams): Promise<Window> {
    const found = windowSchema.safeParse(await this.#get(pathOfFile(target, "json", query)));
    if (found.success) return found.data;
    throw this.#foreign("a window");
  }

  /** A file of it, by its ending. */
  async file(target: string, ending: string, query: URLSearchParams): Promise<Uint8Array> {
    return this.#ask(
      pathOfFile(target, ending, query),
      async (response) => new Uint8Array(await response.arrayBuffer()),
    );
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

  #get(path: string): Promise<unknown> {
    return this.#ask(path, jsonOf);
  }

  async #ask<Answer>(path: string, read: (response: Response) => Promise<Answer>): Promise<Answer> {
    const url = this.#origin + path;
    try {
      const response = await fetch(url, { headers: this.#headers, signal: AbortSignal.timeout(ANSWER_MS) });
      if (response.ok) return await read(response);
      const text = (await response.text()).slice(0, MOST_OF_REFUSAL);
      const refused = [400, NO_ACCOUNT_YET].includes(response.status)
        ? refusedAnswerSchema.safeParse(parsed(text)).data
        : undefined;
      if (refused !== undefined && response.status === NO_ACCOUNT_YET) throw empty(printable(refused.error));
      // It can say better than a status what was wrong with the question.
      if (refused !== undefined) throw usage(printable(refused.error), printable(refused.help ?? ""));
      throw new KmemtapError("link/refused", `${url} answered ${String(response.status)}: ${text.slice(0, 200)}`, {
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

/** A target that has no account. */
function empty(message: string): KmemtapError {
  return new KmemtapError("input/empty", message, {
    nextStep: "check the target; the log of the kmemtap there says what it does about it",
  });
}

async function jsonOf(response: Response): Promise<unknown> {
  return parsed(await response.text());
}

/** Null, which is no answer of a kmemtap, where it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function pathOfFile(target: string, ending: string, query: URLSearchParams): string {
  return `/api/targets/${target}/snapshot.${ending}?${query.toString()}`;
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
