/** Moments of a run that the timeline shows: phases, gaps of the link, the boot, what a user noted. */
import { printable } from "../model/printable.ts";
import type { Mark } from "../model/wire.ts";
import type { AgentLine } from "../target/agent/agent-line.ts";
import type { PhaseChange } from "./workload-account.ts";

const MAX_MARKS = 1000;

export class RunMarks {
  #all: Mark[] = [];
  #news: Mark[] = [];
  #phase = "";

  get all(): readonly Mark[] {
    return this.#all;
  }

  /** Those since this was asked last. */
  take(): Mark[] {
    return this.#news.splice(0);
  }

  add(kind: Mark["kind"], timeNs: number, text: string, atMs = Date.now()): void {
    const mark = { kind, timeNs, atMs, text: printable(text) };
    this.#all = [...this.#all, mark].slice(-MAX_MARKS);
    this.#news.push(mark);
  }

  phase(change: PhaseChange, timeNs: number): void {
    const { name, round } = (change.kind === "begin" ? change : change.unseen) ?? {};
    if (name !== undefined && round !== undefined) this.#phase = round > 1 ? `${name}, round ${round}` : name;
    if (change.kind === "begin") {
      this.add("phase-begin", timeNs, this.#phase);
    } else {
      const failed = change.status === null || change.status === 0 ? "" : `: exit status ${change.status}`;
      this.add("phase-end", timeNs, this.#phase + failed);
    }
  }

  /** What the agent says of the link, if anything. */
  hear(line: AgentLine, timeNs: number): void {
    if (line.type !== "gap") return;
    const [, from, to, reason = ""] = /^from=(\d+) to=(\d+) (.*)$/.exec(line.text) ?? [];
    // Of a recording a part is missing, which took no time.
    this.add("gap", timeNs, from === to ? `not recorded: ${reason}` : `the link was down: ${reason}`);
  }
}
