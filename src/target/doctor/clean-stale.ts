/** Removes what killed agents left on a target, now. */
import type { Shell } from "../../model/ports.ts";
import { parseAgentLine } from "../agent/agent-line.ts";
import { agentScript } from "../agent/agent-script.ts";
import { findingOf } from "../agent/findings.ts";
import { newNonce } from "../agent/nonce.ts";
import { refusalOf } from "../agent/refusal.ts";
import { linesOf } from "../qemu/guest-reports.ts";

/**
 * @returns what was removed, or could not be, in words
 * @throws {KmemtapError} `agent/refused` when the target cannot be traced, `link/…` when the link fails
 */
export async function cleanStale(shell: Shell): Promise<string[]> {
  const nonce = newNonce();
  const running = await shell.start(agentScript(), ["clean", nonce]);
  const findings: string[] = [];
  for await (const text of linesOf(running.bytes)) {
    const at = text.indexOf("@kmemtap ");
    const line = at < 0 ? undefined : parseAgentLine(text.slice(at), nonce);
    if (line === undefined || line === "damaged") continue;
    if (line.type === "refused") throw refusalOf(line.text, shell.link.label);
    if (line.type === "finding") findings.push(findingOf(line.text));
  }
  await running.exited;
  return findings;
}
