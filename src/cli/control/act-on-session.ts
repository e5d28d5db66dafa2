/** What can be done to a capture while it goes on: a mark, larger ring buffers, a workload. */
import type { Subject } from "rxjs";
import type { AgentEar } from "../../capture/agent-ear.ts";
import { ACTION_KINDS, type ActionKind } from "../../model/action-kinds.ts";
import type { ControlAction } from "../../model/wire-request.ts";
import type { AgentSource } from "../../target/agent/agent-source.ts";
import { cannot } from "./cannot.ts";
import { growBuffer } from "./grow-buffer.ts";
import { runPhases } from "./run-phases.ts";

export interface ControlledSession {
  readonly label: string;
  /** Absent where the target is read, not armed. */
  readonly agent: AgentSource | undefined;
  readonly ear: AgentEar;
  /** Takes marks. */
  readonly notes: Subject<string>;
  /** Resolves when the session is over. */
  readonly over: Promise<unknown>;
  /** It captures, and has not been asked to end. */
  readonly isOn: boolean;
}

/** Whoever is asked goes on; what was recorded has no one to ask. */
export const isArmed = (agent: AgentSource | undefined): agent is AgentSource => agent?.recording === false;

/** What an agent may be asked for, however its target is at the moment. */
export function actionsOf(agent: AgentSource | undefined, canStart: boolean): readonly ActionKind[] {
  if (!isArmed(agent)) return ["mark"];
  const isHist = agent.plan?.mode === "hist";
  return ACTION_KINDS.filter((kind) => (kind !== "start" || canStart) && (kind !== "grow" || !isHist));
}

/** @throws {KmemtapError} with a next step, where the target or its state does not allow it */
export async function actOnSession(
  session: ControlledSession,
  action: Extract<ControlAction, { kind: "mark" | "grow" | "run" }>,
): Promise<string | undefined> {
  switch (action.kind) {
    case "mark":
      if (!session.isOn) throw notOn(session.label);
      session.notes.next(action.text);
      return undefined;
    case "grow":
      return growBuffer(agentOf(session, "its ring buffer"), session.ear, action.bufferKb);
    case "run":
      return runPhases(agentOf(session, "a workload"), session.ear, action, session.over);
  }
}

/** @param what is wanted of it */
export function agentOf({ label, agent, isOn }: ControlledSession, what: string): AgentSource {
  if (!isArmed(agent))
    throw cannot(
      `${label} is read, not armed: ${what} is not to be had`,
      "watch the target itself: ssh:, serial:, local: and so on",
    );
  if (!isOn) throw notOn(label);
  return agent;
}

export const notOn = (label: string) => cannot(`${label} is not captured now`, "start it first");
