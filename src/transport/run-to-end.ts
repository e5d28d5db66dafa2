/** {@link Shell.run} for every shell that can start scripts. */
import { KmemtapError } from "../model/errors.ts";
import type { CommandResult, RunningScript } from "../model/ports.ts";

/** The largest thing that is asked for is a kernel's symbol table, about 15 MB. */
const OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Collects what `running` says until it ends.
 *
 * @throws {KmemtapError} `link/lost`, `link/timeout`, `target/failed` when there is no end to its output
 */
export async function runToEnd(
  running: RunningScript,
  command: string,
  label: string,
  timeoutMs: number | undefined,
): Promise<CommandResult> {
  const late = new AbortController();
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late.abort();
          void running.close();
        }, timeoutMs);
  try {
    const output = await collect(running, label, command);
    const status = await running.exited;
    if (late.signal.aborted) throw tookTooLong(label, command, timeoutMs ?? 0);
    if (status === undefined)
      throw new KmemtapError("link/lost", `${label}: the link went away while \`${short(command)}\` ran`, {
        nextStep: "check the target and the link",
      });
    return { output, status };
  } catch (thrown) {
    await running.close();
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

async function collect(running: RunningScript, label: string, command: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of running.bytes) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > OUTPUT_BYTES)
      throw new KmemtapError("target/failed", `${label}: \`${short(command)}\` printed more than 64 MB`, {
        nextStep: "check what the command does on the target",
      });
  }
  return Buffer.concat(chunks).toString();
}

export function tookTooLong(label: string, command: string, timeoutMs: number): KmemtapError {
  return new KmemtapError("link/timeout", `${label}: \`${short(command)}\` took longer than ${timeoutMs / 1000} s`, {
    nextStep: "check whether the target is overloaded or the command waits for something",
  });
}

function short(command: string): string {
  const line = command.trimStart().split("\n", 1)[0] ?? "";
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
