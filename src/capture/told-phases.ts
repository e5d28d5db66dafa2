/**
 * A workload that runs by itself on what is watched, and says so in lines as the agent's: the demo's guest (agent/boot-init.sh).
 *
 *     phase-begin name=3.load modprobe vfat
 *     phase-end name=3.load status=0
 */
import { type AgentLine, countOf, fieldsOf } from "../target/agent/agent-line.ts";
import type { WorkloadListener } from "./live-options.ts";
import type { PhaseChange } from "./workload-account.ts";

const BEGIN = /^name=(\d{1,9})\.([\w.-]{1,64})(?: ([^]*))?$/;

export class ToldPhases implements WorkloadListener {
  /** Round and name of the phase that runs. */
  #running: string | undefined;

  hear({ type, text }: AgentLine): PhaseChange | undefined {
    if (type === "phase-begin") return this.#begin(text);
    const fields = type === "phase-end" ? fieldsOf(text) : undefined;
    if (fields === undefined || fields.get("name") !== this.#running) return undefined;
    this.#running = undefined;
    return { kind: "end", status: countOf(fields.get("status")) ?? null };
  }

  #begin(text: string): PhaseChange | undefined {
    const match = BEGIN.exec(text);
    if (match === null) return undefined;
    const [, round, name, command = name] = match;
    this.#running = `${round}.${name}`;
    return { kind: "begin", name, command, round: Number(round) };
  }
}
