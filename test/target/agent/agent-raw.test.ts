/** Mode raw of the agent in each shell there is, on this machine's kernel: what it sends, and that it ends. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { describe, expect, it } from "vitest";
import { LineClass } from "../../../src/model/line-tally.ts";
import { own, RawBench } from "../../support/raw-stream.ts";
import { SHELLS } from "../../support/shells.ts";
import { canTrace } from "../../support/traced.ts";
import { until } from "../../support/until.ts";
import { goneWithoutTrace, type LocalAgent, note, perform, startAgent } from "./local-agent.ts";

/** Decodes what the agent sends as it comes; what it says beside, as text. */
function decoded(agent: LocalAgent): { raw: RawBench; sent: () => string; beside: () => string } {
  const kallsyms = readFileSync("/proc/kallsyms");
  const raw = new RawBench().push(
    own("session mode=raw"),
    own(`blob name=kallsyms bytes=${kallsyms.length}`, kallsyms),
  );
  let beside = "";
  const chunks: Buffer[] = [];
  agent.child.stdout.on("data", (chunk: Buffer) => {
    raw.push(chunk);
    chunks.push(Buffer.from(chunk));
    if (raw.decoder.wantsSymbols) raw.push(own("blob name=kallsyms bytes=0"));
  });
  agent.child.stderr.on("data", (chunk: Buffer) => (beside += chunk.toString()));
  return { raw, sent: () => Buffer.concat(chunks).toString("latin1"), beside: () => beside };
}

describe.skipIf(!canTrace).each(SHELLS)(`the agent's mode raw in $name${note}`, (shell) => {
  it("sends the ring buffers, the workload's marks in their place, and leaves nothing behind", async () => {
    const agent = startAgent(shell, ["raw", "stats=none", "wait=1", "buffer_kb=16384", "names=1"], { reads: false });
    const { raw, sent, beside } = decoded(agent);
    const heard = (type: string) => until(type, () => raw.marks.some((mark) => mark.split(" ")[1] === type), 30_000);
    await until("armed", () => beside().includes(" armed "), 30_000);
    agent.send("on");
    await heard("begin");
    perform(agent, "work", "i=0; while [ $i -lt 50 ]; do (:); i=$((i + 1)); done; echo done");
    await heard("output-end");
    agent.send("stop");
    await heard("last");
    agent.send("bye");
    await heard("bye");
    await agent.exited;
    raw.end();
    await goneWithoutTrace(agent);

    // Before there is anything, and when all is there.
    const names = [...sent().matchAll(/ blob name=cmdlines bytes=(\d+) ~\d+\n/g)].map((line) =>
      sent().slice(line.index + line[0].length, line.index + line[0].length + Number(line[1])),
    );
    expect(names.length).toBeGreaterThanOrEqual(1);
    for (const text of names) expect(text).toMatch(/^(?:\d+ .*\n)+$/);

    const places = new Map(raw.marks.map((mark) => [mark.split(" ")[1], Number(mark.split(" ")[0])]));
    expect(raw.marks.filter((mark) => mark.includes(" out "))).toEqual([expect.stringContaining("out =done")]);
    // The events of 50 forks lie between the marks.
    expect((places.get("phase-end") ?? 0) - (places.get("phase-begin") ?? 0)).toBeGreaterThan(1000);
    expect(raw.events.filter((event) => event.startsWith("a ")).length).toBeGreaterThan(100);
    const named = raw.events.filter((event) => / \S+\+0x[0-9a-f]+\/0x[0-9a-f]+ /.test(event));
    expect(named).toHaveLength(raw.events.length);
    const times = raw.events.map((event) => Number(event.split(" ").at(-1)));
    expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
    expect(raw.tally.rejectedLines).toBe(0);
    expect(raw.losses).toEqual([]);
    expect(raw.tally.lines[LineClass.own]).toBeGreaterThan(0);
    // Who read the formats, after the events were on, and the stats.
    const formats = sent().match(/ blob name=(?:header_page|header_event|format) /g) ?? [];
    const [, first] = / helpers pids=(\S*) ~/.exec(sent()) ?? [];
    expect(first.split(",").filter((pid) => pid !== "").length).toBeGreaterThan(formats.length);
  });

  it("ends when nobody reads it", async () => {
    const agent = startAgent(shell, ["raw", "stats=none", "quiet=2", "poll=0.2", "buffer_kb=1024"], { reads: false });
    let beside = "";
    agent.child.stderr.on("data", (chunk: Buffer) => (beside += chunk.toString()));
    await until("armed", () => beside.includes(" armed "), 30_000);
    // On every CPU, so that a reader that is ended in one's pages has another's still to read.
    const busy = "i=0; while [ $i -lt 3000 ]; do (:); i=$((i + 1)); done";
    perform(
      agent,
      "busy",
      cpus()
        .map(() => busy)
        .join(" & "),
    );
    await goneWithoutTrace(agent);
  });
});
