/**
 * A target that is served: one session after the other, each begun and ended as an operator wants, all of them one stream of updates
 * and, to its viewers, runs of one target.
 */
import { concat, concatAll, lastValueFrom, Observable, share, Subject } from "rxjs";
import { AgentEar } from "../capture/agent-ear.ts";
import type { LiveOptions } from "../capture/live-options.ts";
import type { LiveUpdate } from "../capture/live-update.ts";
import { messageOf } from "../model/errors.ts";
import type { ActionKind } from "../model/action-kinds.ts";
import type { ControlAction } from "../model/wire-request.ts";
import type { TargetControl } from "../server/registry.ts";
import type { TargetPhase } from "../server/hub/target-hub.ts";
import { actionsOf, actOnSession, agentOf, type ControlledSession } from "./control/act-on-session.ts";
import { cannot } from "./control/cannot.ts";
import type { Followed } from "./follow.ts";
import type { OpenTarget } from "./open-target.ts";

/** What a session is given beside what its target is. */
export type SessionExtras = Required<Pick<LiveOptions, "notes" | "phases">> & Pick<LiveOptions, "after">;

export interface LiveTargetOptions {
  readonly label: string;
  /** Opens the target anew; absent where that cannot be done, or makes no sense: a file, a recording. */
  readonly reopen?: (() => Promise<OpenTarget>) | undefined;
  readonly follow: (target: OpenTarget, extras: SessionExtras) => Followed;
  readonly onTrouble: (text: string) => void;
}

interface LiveSession extends Followed {
  readonly target: OpenTarget;
  readonly ear: AgentEar;
  /** The last update, once the session is over. */
  readonly over: Promise<LiveUpdate | undefined>;
  isOver: boolean;
  isStopping: boolean;
}

export class LiveTarget implements TargetControl {
  readonly updates: Observable<LiveUpdate>;
  readonly #options: LiveTargetOptions;
  readonly #notes = new Subject<string>();
  readonly #later = new Subject<Observable<LiveUpdate>>();
  #session: LiveSession;
  #starting = false;
  /** Told of what no update says. */
  onPhase: (phase: TargetPhase) => void = () => undefined;

  constructor(first: OpenTarget, options: LiveTargetOptions) {
    this.#options = options;
    const followed = this.#follow(first, undefined);
    this.#session = this.#sessionOf(first, followed);
    this.updates = concat(followed.updates, this.#later.pipe(concatAll())).pipe(share());
  }

  /** The session that goes on, or was the last. */
  get session(): Pick<LiveSession, "target" | "over" | "last" | "sinks" | "isStopping"> {
    return this.#session;
  }

  get isOver(): boolean {
    return this.#session.isOver;
  }

  get actions(): readonly ActionKind[] {
    return actionsOf(this.#session.target.agent, this.#options.reopen !== undefined);
  }

  async perform(action: ControlAction): Promise<string | undefined> {
    if (action.kind === "start") return this.#start();
    return action.kind === "stop" ? this.#stop() : actOnSession(this.#controlled, action);
  }

  /** No session will come any more: the updates end with the present one. */
  close(): void {
    this.#later.complete();
  }

  #follow(target: OpenTarget, after: LiveUpdate | undefined, ear = new AgentEar()): Followed & { ear: AgentEar } {
    const extras = { notes: this.#notes, phases: ear, ...(after !== undefined && { after }) };
    return { ...this.#options.follow(target, extras), ear };
  }

  #sessionOf(target: OpenTarget, followed: Followed & { ear: AgentEar }): LiveSession {
    const { updates } = followed;
    // What is watched by its clock alone, a recording, plays on for as long as anybody listens: nobody listens here to that.
    const over = target.agent === undefined ? new Promise<undefined>(() => undefined) : lastOf(updates);
    const session = { ...followed, target, over, isOver: false, isStopping: false };
    void over.then(() => this.#ended(session));
    return session;
  }

  async #ended(session: LiveSession): Promise<void> {
    session.isOver = true;
    await session.target.close().catch((thrown: unknown) => this.#options.onTrouble(messageOf(thrown)));
    if (session.isStopping && session === this.#session)
      this.onPhase({ state: "stopped", detail: "an operator stopped it" });
  }

  get #controlled(): ControlledSession {
    const { target, ear, over, isOver, isStopping } = this.#session;
    const isOn = !isOver && !isStopping;
    return { label: this.#options.label, agent: target.agent, ear, notes: this.#notes, over, isOn };
  }

  #stop(): string {
    const agent = agentOf(this.#controlled, "its end");
    this.#session.isStopping = true;
    agent.stop();
    return "what the target recorded is read to its end, then it is restored";
  }

  async #start(): Promise<string> {
    const { reopen, label } = this.#options;
    if (reopen === undefined) throw cannot(`${label} cannot be started from here`, "start kmemtap again");
    if (this.#starting || !this.#session.isOver) throw cannot(`${label} is captured already`, "stop it first");
    this.#starting = true;
    try {
      const before = this.#session;
      const target = await reopen();
      const followed = this.#follow(target, before.last());
      this.#session = this.#sessionOf(target, followed);
      this.onPhase({ state: "starting", detail: "" });
      this.#later.next(followed.updates);
      return "arming it again: a new run";
    } finally {
      this.#starting = false;
    }
  }
}

async function lastOf(updates: Observable<LiveUpdate>): Promise<LiveUpdate | undefined> {
  // Subscribed to at once, which begins it.
  return lastValueFrom(updates).catch(() => undefined);
}
