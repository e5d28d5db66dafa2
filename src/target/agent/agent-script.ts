/** The agent as it is sent: agent/kmemtap-agent.sh without what only people read, since a serial line carries it at 11 kB/s. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../model/package-root.ts";

const FILE = join(PACKAGE_ROOT, "agent", "kmemtap-agent.sh");

let compact: string | undefined;

/** The agent's script, without comments and indentation. */
export function agentScript(): string {
  compact ??= compacted(readFileSync(FILE, "utf8"));
  return compact;
}

/** Neither a here-document nor a quoted text of the agent has lines for which blanks at their beginning matter. */
export function compacted(script: string): string {
  const lines = script.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).join("\n") + "\n";
}
