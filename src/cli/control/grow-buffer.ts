/** Enlarges the ring buffers of a target while it is captured. */
import type { AgentEar } from "../../capture/agent-ear.ts";
import { countOf, fieldsOf } from "../../target/agent/agent-line.ts";
import type { AgentSource } from "../../target/agent/agent-source.ts";
import { cannot } from "./cannot.ts";

/** For the agent to say so: its line stands in the stream, behind what is in the ring buffer. */
const ANSWER_MS = 30_000;

/** @param bufferKb KiB of each CPU's ring buffer */
export async function growBuffer(agent: AgentSource, ear: AgentEar, bufferKb: number): Promise<string> {
  if (agent.plan === undefined) throw cannot("the target is being armed", "ask again when it is");
  if (agent.plan.mode === "hist") throw cannot("sums are made in the target's kernel: no ring buffer fills", "");
  const answer = ear.next(["grown", "grow-refused"], ANSWER_MS);
  agent.send(`grow ${bufferKb}`);
  const line = await answer;
  const field = (name: string) => (line === undefined ? undefined : countOf(fieldsOf(line.text).get(name)));
  if (line?.type === "grow-refused")
    throw cannot(
      `${bufferKb} KiB a CPU are too much for the target: ${field("available_kb") ?? "?"} KiB are available`,
      "ask for less",
    );
  if (line === undefined)
    throw cannot("the target did not say that it has grown its ring buffer", "look at its buffers");
  return `from ${field("from") ?? "?"} to ${field("kb") ?? "?"} KiB a CPU`;
}
