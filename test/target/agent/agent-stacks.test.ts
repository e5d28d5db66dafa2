/** Stacks by the agent, in each shell there is, on this machine's kernel: by the trigger, and by the option where that one fails. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fieldsOf } from "../../../src/target/agent/agent-line.ts";
import { SHELLS } from "../../support/shells.ts";
import { canTrace } from "../../support/traced.ts";
import { BUFFER, goneWithoutTrace, instancesOf, note, perform, startAgent, stop, TRACING } from "./local-agent.ts";

/** As where a trigger's stacks go elsewhere. */
const astray = (script: string) => script.replace('*"<stack trace>"*) STACKS_BY', '*"<stray trace>"*) STACKS_BY');

describe.skipIf(!canTrace).each(SHELLS)(`the agent's stacks in $name${note}`, (shell) => {
  it.each([
    { by: "trigger", change: (script: string) => script },
    { by: "option", change: astray },
  ])("come by the $by, and go with the window", async ({ by, change }) => {
    const agent = startAgent(shell, ["text", BUFFER, "stacks=1"], { change });
    await agent.heard("begin");
    const findings = agent.all("finding").map(({ text }) => fieldsOf(text));
    expect(findings.find((fields) => fields.get("code") === "stacks")?.get("by")).toBe(by);
    const [instance] = instancesOf(agent);
    const read = (file: string) => readFileSync(`${TRACING}/instances/${instance}/${file}`, "latin1");
    const trigger = read("events/kmem/kmalloc/trigger");
    if (by === "trigger")
      expect(trigger).toMatch(/^stacktrace:unlimited if \(common_flags & 24\) \|\| \(common_pid != \d+/);
    else expect(trigger).not.toMatch(/^stacktrace/);
    expect(read("events/kmem/kfree/trigger")).not.toMatch(/^stacktrace/);
    expect(read("options/stacktrace").trim()).toBe(by === "option" ? "1" : "0");
    perform(agent, "work", "ls / >/dev/null");
    await agent.heard("output-end");
    await stop(agent);
    await agent.exited;
    await goneWithoutTrace(agent);

    const heads = agent.events.filter((line) => line.endsWith(": <stack trace>")).length;
    const allocations = agent.events.filter((line) => / (?:kmalloc|kmem_cache_alloc)(?:_node)?: /.test(line)).length;
    expect(allocations).toBeGreaterThan(50);
    if (by === "trigger") expect(heads).toBeGreaterThanOrEqual(allocations);
    else expect(heads).toBeGreaterThan(allocations);
    expect(agent.events.filter((line) => / => \S+\+0x[0-9a-f]+\/0x[0-9a-f]+/.test(line)).length).toBeGreaterThan(heads);
  });

  it("have no trigger behind the window, where the reader is started again", async () => {
    const agent = startAgent(shell, ["text", BUFFER, "stacks=1"]);
    await agent.heard("begin");
    // A reader that has read, and waits for more, is ended by the end of the window.
    perform(agent, "work", "ls / >/dev/null");
    await agent.heard("output-end");
    const [instance] = instancesOf(agent);
    agent.send("stop");
    await agent.heard("last");
    // Lines that are heard look for the reader, too.
    agent.send(".", "again", "symbols none");
    await agent.heard("symbols-done");
    const read = (file: string) => readFileSync(`${TRACING}/instances/${instance}/${file}`, "latin1");
    expect(read("events/kmem/kmalloc/trigger")).not.toMatch(/^stacktrace/m);
    agent.send("bye");
    await agent.heard("bye");
    await agent.exited;
    await goneWithoutTrace(agent);
  });
});
